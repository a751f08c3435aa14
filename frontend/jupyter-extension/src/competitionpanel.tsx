/** 比赛: hand in what this project made, and see the score come. */
import { ReactWidget } from '@jupyterlab/apputils';
import { Contents } from '@jupyterlab/services';
import * as React from 'react';
import { getSentIn, OpenCompetition, Quota, sendIn, SentIn } from './api';
import { Say } from './messages';

const ASK_AGAIN_MS = 1000;
const ACCEPTED = /\.(csv|json|zip)$/i;
const USUAL_NAME = 'submission.csv';

export class CompetitionPanel extends ReactWidget {
  constructor(
    private readonly contents: Contents.IManager,
    private readonly competitions: OpenCompetition[],
    private readonly say: Say
  ) {
    super();
    this.addClass('lyceum-panel');
    this.title.label = say('competition');
  }

  protected render(): JSX.Element {
    const { contents, competitions, say } = this;
    return <Submitting contents={contents} competitions={competitions} say={say} />;
  }
}

interface SubmittingProps {
  contents: Contents.IManager;
  competitions: OpenCompetition[];
  say: Say;
}

function Submitting({ contents, competitions, say }: SubmittingProps): JSX.Element {
  const [chosen, setChosen] = React.useState(competitions[0]);
  const [message, setMessage] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const [refusal, setRefusal] = React.useState('');
  const [sent, setSent] = React.useState<SentIn | null>(null);
  const [files, file, setFile] = useFiles(contents, chosen);
  useNews(chosen, sent, setSent);
  const isFile = chosen.submission_kind === 'file';

  const submit = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setRefusal('');
    try {
      setSent(await sendIn(chosen.id, isFile ? file : '', message));
      setMessage('');
    } catch (reason) {
      setRefusal((reason as Error).message);
    }
    setBusy(false);
  };

  return (
    <form className="lyceum-competition" onSubmit={event => void submit(event)}>
      {competitions.length > 1 ? (
        <select
          aria-label={say('competition')}
          value={chosen.id}
          onChange={event => {
            setChosen(competitions.find(one => one.id === Number(event.target.value))!);
            setSent(null);
          }}
        >
          {competitions.map(one => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      ) : (
        <strong>{chosen.name}</strong>
      )}
      {isFile && files.length > 0 && (
        <label>
          {say('competitionFile')}
          <select value={file} onChange={event => setFile(event.target.value)}>
            {files.map(name => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {isFile && !files.length && (
        <p>{say('noSubmissionFile', { name: chosen.example_name || USUAL_NAME })}</p>
      )}
      {!isFile && <p>{say('submitCode')}</p>}
      <label>
        {say('competitionMessage')}
        <input
          value={message}
          maxLength={200}
          placeholder={say('competitionMessageHelp')}
          onChange={event => setMessage(event.target.value)}
        />
      </label>
      <p className="lyceum-quota">{left(sent?.quota ?? chosen.quota, say)}</p>
      <button className="jp-mod-styled jp-mod-accept" disabled={busy || (isFile && !file)}>
        {say(busy ? 'submitting' : 'submit')}
      </button>
      <div role="status" className="lyceum-outcome">
        {refusal && <p className="lyceum-refusal">{refusal}</p>}
        {!refusal && sent && <Outcome sent={sent} say={say} />}
      </div>
      <a href={chosen.url} target="_blank" rel="noopener">
        {say('openSubmissions')}
      </a>
    </form>
  );
}

function Outcome({ sent, say }: { sent: SentIn; say: Say }): JSX.Element {
  if (sent.score !== null) {
    const score = String(sent.score);
    const words = sent.rank === null ? say('scored', { score }) : say('scoredAt', { score, rank: sent.rank });
    return <p className="lyceum-score">{words}</p>;
  }
  return (
    <>
      <p>
        #{sent.id} {sent.state_label}
      </p>
      {sent.is_open && sent.position !== null && (
        <p>
          {say('queuedAt', { position: sent.position, seconds: Math.ceil(sent.expected_seconds ?? 0) })}
        </p>
      )}
      {sent.problems.length > 0 && (
        <ul className="lyceum-problems">
          {sent.problems.map(problem => (
            <li key={problem}>{problem}</li>
          ))}
        </ul>
      )}
      {!sent.is_open && <p>{say('noAttemptUsed')}</p>}
    </>
  );
}

function left(quota: Quota, say: Say): string {
  const shown = (count: number | null): string => (count === null ? say('noLimit') : String(count));
  const today = say('leftToday', { left: shown(quota.left_today) });
  return quota.left === null ? today : `${today} · ${say('leftInAll', { left: shown(quota.left) })}`;
}

/** The files of the work folder that can be handed in; kept up while the panel is there. */
function useFiles(
  contents: Contents.IManager,
  competition: OpenCompetition
): [string[], string, (name: string) => void] {
  const [files, setFiles] = React.useState<string[]>([]);
  const [picked, pick] = React.useState('');
  React.useEffect(() => {
    const look = async (): Promise<void> => {
      const folder = await contents.get('', { content: true }).catch(() => null);
      const models = (folder?.content ?? []) as Contents.IModel[];
      setFiles(models.filter(one => one.type !== 'directory' && ACCEPTED.test(one.name)).map(one => one.name).sort());
    };
    void look();
    contents.fileChanged.connect(look);
    // A block's code writes files without telling anybody.
    const timer = window.setInterval(() => void (document.hidden || look()), 3000);
    return () => {
      window.clearInterval(timer);
      contents.fileChanged.disconnect(look);
    };
  }, [contents]);
  const usual = [competition.example_name, USUAL_NAME].find(name => files.includes(name));
  return [files, files.includes(picked) ? picked : (usual ?? files[0] ?? ''), pick];
}

/** Ask after what was sent in until it has ended. */
function useNews(
  competition: OpenCompetition,
  sent: SentIn | null,
  tell: (sent: SentIn) => void
): void {
  React.useEffect(() => {
    if (!sent?.is_open) {
      return;
    }
    const timer = window.setTimeout(() => {
      // The same again where the platform does not answer just now: the effect runs once more.
      getSentIn(competition.id, sent.id).then(tell, () => tell({ ...sent }));
    }, ASK_AGAIN_MS);
    return () => window.clearTimeout(timer);
  }, [competition, sent]);
}
