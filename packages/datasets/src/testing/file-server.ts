import {createServer, type IncomingMessage, type ServerResponse} from 'node:http';
import {type AddressInfo} from 'node:net';

/** A server of files on this machine. */
export interface FileServer {
  readonly url: string;
  /** Ranges that were asked for, `''` for whole files. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** How a server behaves. */
export interface ServerOptions {
  /** Breaks the connection off after so many bytes, that many times. */
  readonly breakAfter?: {readonly bytes: number; times: number} | undefined;
  /** Of the files. Default `"1"`; null sends none. */
  readonly etag?: string | null | undefined;
  /** Whether it knows Range. Default true. */
  readonly ranges?: boolean | undefined;
}

/** Starts a server of some files by path. */
export async function serveFiles(
  files: Readonly<Record<string, Uint8Array>>,
  options: ServerOptions = {},
): Promise<FileServer> {
  const asked: string[] = [];
  const {etag = '"1"', ranges = true} = options;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const content = files[(request.url ?? '').slice(1)];
    if (content === undefined) {
      response.writeHead(404).end();
      return;
    }
    const range = request.headers.range ?? '';
    asked.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0);
    const mark = request.headers['if-range'];
    const isPart = ranges && range !== '' && (mark === undefined || mark === etag);
    const headers: Record<string, string> = etag === null ? {} : {etag};
    if (isPart && from >= content.length) {
      response.writeHead(416, {...headers, 'content-range': `bytes */${String(content.length)}`}).end();
      return;
    }
    const body = isPart ? content.subarray(from) : content;
    if (isPart)
      headers['content-range'] = `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}`;
    response.writeHead(isPart ? 206 : 200, {...headers, 'content-length': String(body.length)});
    const {breakAfter} = options;
    if (breakAfter !== undefined && breakAfter.times > 0) {
      breakAfter.times -= 1;
      response.write(body.subarray(0, breakAfter.bytes), () => setTimeout(() => response.destroy(), 20));
      return;
    }
    response.end(body);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const {port} = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
