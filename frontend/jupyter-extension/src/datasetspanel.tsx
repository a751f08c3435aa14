/** 数据集: what is mounted under data/, with the path to copy into code. */
import { Notification, ReactWidget } from '@jupyterlab/apputils';
import { fileIcon, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import { DatasetEntry, DatasetListing, getDatasets } from './api';
import { copyPath } from './clipboard';
import { copyPathIcon, dataIcon } from './icons';
import { Say } from './messages';
import { IconButton, Row, Tree } from './tree';

export class DatasetsPanel extends ReactWidget {
  constructor(
    private readonly projectUrl: string,
    private readonly say: Say
  ) {
    super();
    this.addClass('lyceum-panel');
    this.title.label = say('datasets');
    void this.load();
  }

  protected render(): JSX.Element {
    const { say, listing } = this;
    return (
      <>
        <div className="lyceum-tools">
          <span className="lyceum-home" />
          <IconButton label={say('refresh')} icon={refreshIcon} run={() => void this.load()} />
        </div>
        <Tree label={say('datasets')} rows={this.rows(listing.datasets, 0)} empty={this.empty()} />
        {listing.cut && <p className="lyceum-empty">{say('cutDatasets')}</p>}
      </>
    );
  }

  private empty(): JSX.Element {
    return (
      <>
        <p>{this.say('noDatasets')}</p>
        {this.projectUrl && <a href={this.projectUrl}>{this.say('openProject')}</a>}
      </>
    );
  }

  private rows(entries: DatasetEntry[], level: number): Row[] {
    return entries.flatMap(entry => {
      const open = entry.folder ? this.open.has(entry.path) : undefined;
      return [this.row(entry, level, open), ...(open ? this.rows(entry.children, level + 1) : [])];
    });
  }

  private row(entry: DatasetEntry, level: number, open?: boolean): Row {
    const copy = () => void copyPath(entry.path, this.say);
    return {
      id: entry.path,
      label: entry.name,
      level,
      icon: entry.folder ? dataIcon : fileIcon,
      title: entry.path,
      open,
      note: entry.bytes === null ? undefined : readable(entry.bytes),
      activate: entry.folder ? () => this.toggle(entry.path) : copy,
      actions: [{ label: this.say('copyPath'), icon: copyPathIcon, run: copy }]
    };
  }

  private toggle(path: string): void {
    if (!this.open.delete(path)) {
      this.open.add(path);
    }
    this.update();
  }

  private async load(): Promise<void> {
    try {
      this.listing = await getDatasets();
      // One or two datasets: show their files at once.
      if (!this.open.size) {
        this.listing.datasets.forEach(dataset => this.open.add(dataset.path));
      }
    } catch (reason) {
      Notification.error(this.say('actionFailed', { reason: (reason as Error).message }));
    }
    this.update();
  }

  private listing: DatasetListing = { datasets: [], cut: false };
  private readonly open = new Set<string>();
}

function readable(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  const value = bytes / 1000 ** step;
  return `${value.toFixed(step && value < 10 ? 1 : 0)} ${units[step]}`;
}
