/** Our own part of the notebook server (lyceum/notebook_extension/app.py). */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export interface DatasetEntry {
  name: string;
  /** Absolute, as it is put into code. */
  path: string;
  folder: boolean;
  bytes: number | null;
  children: DatasetEntry[];
}

export interface DatasetListing {
  datasets: DatasetEntry[];
  /** Whether there were more files than a panel can show. */
  cut: boolean;
}

export interface Project {
  /** Empty when the server is not run by the platform. */
  project_url: string;
  connected: boolean;
  /** The folder that the tree shows, absolute. */
  home: string;
  upload_limit_bytes: number;
  notebook: { idle_warning?: boolean; idle_stop_at?: string | null } | null;
}

export interface SavedVersion {
  number?: number;
  left_out?: { path: string; size: number; reason: string }[];
  left_out_count?: number;
}

/** The server's refusal; its message is a sentence for the learner. */
export class Refusal extends Error {
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
  }
}

const settings = ServerConnection.makeSettings();

/** What a browser sends to the end although the tab was closed meanwhile (Fetch standard). */
const KEPT_ALIVE_BYTES = 60_000;

async function call<T>(path: string, content?: object, outlivesTab = false): Promise<T> {
  const url = URLExt.join(settings.baseUrl, 'lyceum/api', path);
  const body = content === undefined ? undefined : JSON.stringify(content);
  const keepalive = outlivesTab && new Blob([body ?? '']).size < KEPT_ALIVE_BYTES;
  const init = body === undefined ? {} : { method: 'POST', body, keepalive };
  const response = await ServerConnection.makeRequest(url, init, settings);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refusal(answer.message || response.statusText, response.status);
  }
  return answer as T;
}

export const getDatasets = (): Promise<DatasetListing> => call('datasets');

export const getProject = (): Promise<Project> => call('project');

export const keepRunning = (): Promise<Project> => call('activity', {});

export const saveVersion = (note: string): Promise<SavedVersion> => call('versions', { note });

export interface Quota {
  /** null: no limit. */
  left_today: number | null;
  left: number | null;
  resets_at: string;
}

/** An open competition that the learner takes part in. */
export interface OpenCompetition {
  id: number;
  name: string;
  /** What is handed in: a file of the work folder, or the project's code. */
  submission_kind: 'file' | 'code';
  /** What the file is called in the competition's example. */
  example_name: string;
  /** Its page of submissions, for the learner's browser. */
  url: string;
  /** Whether this project is made for it: a fork of its baseline, or with its data. */
  related: boolean;
  quota: Quota;
}

export interface SentIn {
  id: number;
  /** `queued`, `scoring`, or how it ended. */
  state: string;
  state_label: string;
  is_open: boolean;
  position: number | null;
  expected_seconds: number | null;
  score: number | null;
  rank: number | null;
  /** What is wrong with it, in the learner's language. */
  problems: string[];
  quota: Quota;
}

export const getCompetitions = async (): Promise<OpenCompetition[]> =>
  (await call<{ items?: OpenCompetition[] }>('competitions')).items ?? [];

export const sendIn = (competition: number, path: string, message: string): Promise<SentIn> =>
  call(`competitions/${competition}/submissions`, { path, message });

export const getSentIn = (competition: number, submission: number): Promise<SentIn> =>
  call(`competitions/${competition}/submissions/${submission}`);

export interface Block {
  cell_id: string;
  code: string;
}

export const runBlocks = (kernel: string, room: string, blocks: Block[]): Promise<void> =>
  call(`kernels/${kernel}/run`, { room, blocks }, true);

export const answerQuestion = (kernel: string, value: string): Promise<void> =>
  call(`kernels/${kernel}/answer`, { value });
