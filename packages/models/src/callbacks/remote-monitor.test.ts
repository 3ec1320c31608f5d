import {createServer, type IncomingMessage} from 'node:http';
import {type AddressInfo} from 'node:net';
import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {RemoteMonitor} from './remote-monitor.js';

interface Received {
  readonly url: string | undefined;
  readonly method: string | undefined;
  readonly type: string | undefined;
  readonly token: string | string[] | undefined;
  readonly body: string;
}

const received: Received[] = [];
const server = createServer((request: IncomingMessage, response) => {
  let body = '';
  request.on('data', (piece: Buffer) => (body += piece.toString()));
  request.on('end', () => {
    const {url, method, headers} = request;
    received.push({url, method, type: headers['content-type'], token: headers['x-token'], body});
    response.end('fine');
  });
});
let root = '';

beforeEach(async () => {
  received.length = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  root = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterEach(async () => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('sends a form, as Keras does', async () => {
  await new RemoteMonitor({root}).onEpochEnd(2, {loss: 0.5, val_loss: NaN});
  expect(received).toHaveLength(1);
  const [{url, method, type, body} = {url: '', method: '', type: '', body: ''}] = received;
  expect([url, method]).toEqual(['/publish/epoch/end/', 'POST']);
  expect(type).toContain('application/x-www-form-urlencoded');
  expect(new URLSearchParams(body).get('data')).toBe('{"epoch":2,"loss":0.5,"val_loss":null}');
});

test('sends JSON to a path of its own, with headers', async () => {
  const monitor = new RemoteMonitor({root, path: '/in', headers: {'X-Token': 'abc'}, sendAsJson: true});
  await monitor.onEpochEnd(0, {loss: 1});
  expect(received).toEqual([
    {url: '/in', method: 'POST', type: 'application/json', token: 'abc', body: '{"epoch":0,"loss":1}'},
  ]);
});

test('a server that is not there gives a warning', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  await new RemoteMonitor({root: 'http://127.0.0.1:1'}).onEpochEnd(0, {loss: 1});
  expect(String(warned.mock.calls[0]?.[0])).toBe('RemoteMonitor: could not reach the server at http://127.0.0.1:1');
});

test('mistakes', () => {
  expect(() => new RemoteMonitor({root: 'nowhere'})).toThrow(
    'RemoteMonitor: root and path must form a URL, got "nowhere/publish/epoch/end/"',
  );
  // @ts-expect-error -- the name is root
  expect(() => new RemoteMonitor({url: 'http://localhost'})).toThrow('root');
});
