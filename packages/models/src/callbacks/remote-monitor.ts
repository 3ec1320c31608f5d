import {ValueError} from '@keratin/core';
import {checkOptions, describe} from '@keratin/core/internal';
import {warn} from '../progress/output.js';
import {Callback, type Logs} from './callback.js';

/** Options of {@link RemoteMonitor}. */
export interface RemoteMonitorOptions {
  /** The server. Default `'http://localhost:9000'`. */
  root?: string | undefined;
  /** What comes after it. Default `'/publish/epoch/end/'`. */
  path?: string | undefined;
  /** The name of the form field that holds the JSON; not used with `sendAsJson`. Default `'data'`. */
  field?: string | undefined;
  /** More HTTP headers. */
  headers?: Readonly<Record<string, string>> | undefined;
  /** Whether the JSON itself is sent, as `application/json`, instead of a form. Default false. */
  sendAsJson?: boolean | undefined;
}

const OPTION_NAMES = [
  'root',
  'path',
  'field',
  'headers',
  'sendAsJson',
] as const satisfies readonly (keyof RemoteMonitorOptions)[];

/**
 * Sends the logs of each epoch to a server by HTTP POST, as JSON with the epoch (from 0); NaN and infinities become null. A server
 * that cannot be reached gives a warning, and training goes on (Keras's `RemoteMonitor`).
 *
 * @example
 * new callbacks.RemoteMonitor({root: 'http://localhost:9000', sendAsJson: true});
 */
export class RemoteMonitor extends Callback {
  readonly root: string;
  readonly path: string;
  readonly field: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sendAsJson: boolean;

  constructor(options: RemoteMonitorOptions = {}) {
    super();
    checkOptions('RemoteMonitor', options, OPTION_NAMES, {send_as_json: 'sendAsJson', url: 'root'});
    this.root = options.root ?? 'http://localhost:9000';
    this.path = options.path ?? '/publish/epoch/end/';
    this.field = options.field ?? 'data';
    this.headers = options.headers ?? {};
    this.sendAsJson = options.sendAsJson ?? false;
    if (!URL.canParse(this.root + this.path)) {
      throw new ValueError(`RemoteMonitor: root and path must form a URL, got ${describe(this.root + this.path)}`);
    }
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const json = JSON.stringify({epoch, ...logs});
    const body = this.sendAsJson ? json : new URLSearchParams({[this.field]: json});
    const type = this.sendAsJson ? {'Content-Type': 'application/json'} : {};
    try {
      const response = await fetch(this.root + this.path, {
        method: 'POST',
        headers: {...type, ...this.headers},
        body,
      });
      // The connection is free for the next epoch only when the answer was read.
      await response.arrayBuffer();
    } catch {
      warn(`RemoteMonitor: could not reach the server at ${this.root}`);
    }
  }
}
