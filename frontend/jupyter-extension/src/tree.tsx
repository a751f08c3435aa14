/** A keyboard-reachable tree with actions on each row, used by both panels. */
import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface Action {
  label: string;
  icon: LabIcon;
  run: () => void;
  /** Also runs on this key while the row has the focus (`F2`, `Delete`). */
  key?: string;
}

export interface Row {
  id: string;
  label: string;
  level: number;
  icon: LabIcon;
  title: string;
  /** For folders: whether it is open. */
  open?: boolean;
  note?: string;
  activate: () => void;
  actions: Action[];
}

interface TreeProps {
  label: string;
  rows: Row[];
  empty: React.ReactNode;
}

/** Arrow keys move, Right and Left open and close, Enter activates, Tab reaches the actions. */
export function Tree({ label, rows, empty }: TreeProps): JSX.Element {
  const [current, setCurrent] = React.useState('');
  const list = React.useRef<HTMLDivElement>(null);
  const focused = rows.some(row => row.id === current) ? current : rows[0]?.id;

  const focus = (index: number): void => {
    const row = rows[Math.max(0, Math.min(index, rows.length - 1))];
    setCurrent(row.id);
    list.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(row.id)}"]`)?.focus();
  };

  const onKeyDown = (event: React.KeyboardEvent, row: Row, index: number): void => {
    if (event.target !== event.currentTarget) {
      return;
    }
    const moves: Record<string, () => void> = {
      ArrowDown: () => focus(index + 1),
      ArrowUp: () => focus(index - 1),
      Home: () => focus(0),
      End: () => focus(rows.length - 1),
      Enter: row.activate,
      ' ': row.activate,
      ArrowRight: () => (row.open === false ? row.activate() : focus(index + 1)),
      ArrowLeft: () => (row.open ? row.activate() : focus(parentOf(rows, index)))
    };
    const move = moves[event.key] ?? row.actions.find(action => action.key === event.key)?.run;
    if (move) {
      event.preventDefault();
      event.stopPropagation();
      move();
    }
  };

  if (!rows.length) {
    return <div className="lyceum-empty">{empty}</div>;
  }
  return (
    <div className="lyceum-tree" role="tree" aria-label={label} ref={list}>
      {rows.map((row, index) => (
        <div
          key={row.id}
          data-id={row.id}
          className="lyceum-row"
          role="treeitem"
          aria-level={row.level + 1}
          aria-expanded={row.open}
          aria-label={row.label}
          title={row.title}
          tabIndex={row.id === focused ? 0 : -1}
          style={{ paddingInlineStart: 8 + row.level * 16 }}
          onFocus={() => setCurrent(row.id)}
          onClick={row.activate}
          onKeyDown={event => onKeyDown(event, row, index)}
        >
          <span className={'lyceum-caret' + (row.open ? ' lyceum-mod-open' : '')} aria-hidden>
            {row.open === undefined ? '' : '▸'}
          </span>
          <row.icon.react tag="span" className="lyceum-icon" aria-hidden />
          <span className="lyceum-name">{row.label}</span>
          {row.note && <span className="lyceum-note">{row.note}</span>}
          <span className="lyceum-actions">
            {row.actions.map(action => (
              <IconButton key={action.label} {...action} />
            ))}
          </span>
        </div>
      ))}
    </div>
  );
}

export function IconButton({ label, icon, run }: Action): JSX.Element {
  return (
    <button
      type="button"
      className="lyceum-button"
      title={label}
      aria-label={label}
      onClick={event => {
        event.stopPropagation();
        run();
      }}
    >
      <icon.react tag="span" aria-hidden />
    </button>
  );
}

function parentOf(rows: Row[], index: number): number {
  for (let above = index - 1; above >= 0; above--) {
    if (rows[above].level < rows[index].level) {
      return above;
    }
  }
  return index;
}
