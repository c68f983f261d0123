import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Webhook } from 'standardwebhooks';
import type { Called } from '../../functions/aws/clients.ts';
import { digest } from '../../functions/aws/digest.ts';
import { deliveryIdOf } from '../../functions/core/ids.ts';
import { isAwsKeyId } from '../../functions/core/shape.ts';
import { clockOf } from '../../local/clock.ts';
import { screenOn } from '../../local/cli/screen.ts';
import { remainingOf, rowsOf } from '../../local/stories/table.ts';
import { remainingLines, tableLines } from '../../local/terminal/table.ts';
import { playEveryCase } from '../every-case.ts';
import { leaksIn, valuesAt } from '../hygiene.ts';
import { gitleaksFinding, type Town } from '../town.ts';
import { valuesReport } from '../world-of.ts';

/** Where we keep things or hand them on, whatever becomes of them later. Other services are asked with values by their nature. */
const ours = ['DynamoDB', 'SQS', 'S3', 'SFN', 'SNS', 'EventBridge'];
const reads = /^(?:Get|Query|Describe)/;

type Said = [place: string, text: string][];

const asText = (given: unknown): string => JSON.stringify(given, (_, inner: unknown) => (inner instanceof Uint8Array ? Buffer.from(inner).toString('base64') : inner)) ?? '';

/** Knocks at every door with values in every part of the request that a stranger may choose. */
const knock = async (town: Town, said: Said): Promise<void> => {
  const value = town.value('ftp');
  const at = async (path: string, { method = 'POST', body, headers = {} }: { method?: string; body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> }): Promise<number> => {
    const response = await fetch(`${town.url}${path}`, { method, body, headers: { 'x-rescind-caller': 'tester', ...headers } });
    said.push([`answer to ${method} ${path}`, `${await response.text()} ${JSON.stringify([...response.headers])}`]);
    return response.status;
  };
  const signed = (source: 'gitleaks' | 'trufflehog', body: string): Promise<number> => at(`/triggers/${source}`, { body, headers: town.signed(source, body) });
  const whole = JSON.stringify([gitleaksFinding(value)]);
  const statuses = await Promise.all([
    // wrong, missing and mistaken signatures
    at('/triggers/gitleaks', { body: whole, headers: town.signed('gitleaks', `${whole} `) }),
    at('/triggers/gitleaks', { body: whole }),
    at('/triggers/gitleaks', { body: whole, headers: { ...town.signed('gitleaks', whole), 'webhook-signature': `v1,${value}` } }),
    at('/triggers/gitleaks', { body: whole, headers: { ...town.signed('gitleaks', whole), 'webhook-timestamp': value } }),
    at('/triggers/github-secret-scanning', { body: JSON.stringify({ alert: { secret: value } }), headers: { 'x-hub-signature-256': `sha256=${town.value('githubHook')}`, 'x-github-event': value } }),
    // bodies that are not what their type says
    signed('gitleaks', `[{"Secret":"${value}"`),
    signed('gitleaks', JSON.stringify({ Secret: value })),
    signed('gitleaks', JSON.stringify([{ Secret: value, [value]: value }])),
    signed('gitleaks', value),
    signed('trufflehog', `{"Raw":"${value}"}\n{"DetectorName":"${value}`),
    at('/triggers/gitleaks', { body: whole, headers: { ...town.signed('gitleaks', whole), 'content-type': `text/${value}` } }),
    at('/triggers/gitleaks', { body: new Uint8Array([...Buffer.from(whole), 0xff, 0xfe]), headers: town.signed('gitleaks', whole) }),
    signed('gitleaks', JSON.stringify([gitleaksFinding(value.repeat(40_000))])),
    at('/aws-events', { body: `{"source":"${value}"` }),
    // paths, queries and bodies of the API
    at(`/triggers/${value}`, { body: whole }),
    at(`/${value}/${encodeURIComponent(town.value('secret'))}`, { method: 'GET' }),
    at(`/cases/${value}`, { method: 'GET' }),
    at(`/cases?status=${value}`, { method: 'GET' }),
    at(`/cases?credential=${value}`, { method: 'GET' }),
    at(`/cases?cursor=${value}`, { method: 'GET' }),
    at(`/cases?limit=${value}`, { method: 'GET' }),
    at(`/cases/${value}/close`, { body: `{"reason":"${value}` }),
    at(`/credentials?id=${value}`, { method: 'GET' }),
    at(`/tasks/${value}`, { body: JSON.stringify({ answer: value, reason: value }) }),
    at(`/tasks?status=${value}`, { method: 'GET' }),
    at('/cases', { method: 'PUT', body: value }),
  ]);
  expect(statuses.filter((status) => status < 400), 'a list that finds nothing is no error, and everything else is').toEqual([200]);
  // our own services refuse, and say why
  for (const [service, operation] of [['kms', 'GenerateMac'], ['kms', 'Encrypt'], ['sqs', 'SendMessage']] as const) {
    town.behaviours.add({ service, operation, effect: 'refuse', status: 400, code: 'ValidationException', message: `Value '${value}' at 'message' failed to satisfy constraint`, times: 1 });
    expect(await signed('gitleaks', whole)).toBe(503);
  }
  // a delivery whose very id holds the value that it reports
  const [id, now] = [`msg_${town.value('stranger')}`, town.clock.now()];
  const body = JSON.stringify([gitleaksFinding(town.value('stranger'), `${id}.env`)]);
  const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(Math.floor(now.getTime() / 1000)), 'webhook-signature': new Webhook(town.value('gitleaks')).sign(id, now, body) };
  const delivery = await town.post('gitleaks', body, headers);
  await town.ended(delivery, 30);
  expect(delivery.body.delivery, 'whoever reads ids could try guesses of the value against it').not.toBe(deliveryIdOf(digest, 'gitleaks', body));
  expect((await town.post('gitleaks', body, { ...headers, 'x-request-id': 'another' })).body.delivery, 'the same again has the same id').toBe(delivery.body.delivery);
};

describe('after every kind of case', () => {
  const said: Said = [];
  const printed: string[] = [];
  let town: Town;
  let values: string[];

  beforeAll(async () => {
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
      vi.spyOn(stream, 'write').mockImplementation((...given: unknown[]) => {
        said.push(['printed', String(given[0])]);
        return write(...given);
      });
    }
    for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) vi.spyOn(console, method).mockImplementation((...given) => void said.push(['printed', given.map(String).join(' ')]));
    const stream = new Writable({ write: (chunk: Buffer, _, done) => (printed.push(chunk.toString()), done()) });
    const screen = screenOn(stream as unknown as NodeJS.WriteStream, clockOf(), {});
    const onCall = (by: string, { service, operation }: Called, input: unknown): void => {
      if (ours.includes(service) && !reads.test(operation)) said.push([`${by}: ${service} ${operation}`, asText(input)]);
    };
    const played = await playEveryCase({
      hooks: { onCall },
      onLine: (id, line) => {
        said.push(['line of the ledger', JSON.stringify(line)]);
        screen.line(id, line);
      },
    });
    town = played.town;
    await knock(town, said);
    const views = await town.views();
    screen.print(...tableLines(rowsOf(views, town.world, []), screen.paint, screen.width), ...remainingLines(remainingOf(views), screen.paint, screen.width));
    said.push(['the terminal', printed.join('')], ['metrics', JSON.stringify([...town.counted])], ['dead letters', JSON.stringify(town.platform.deadLetters())], ['topic', JSON.stringify(town.platform.sns.published)]);
    said.push(...(await town.texts()));
    const made = Object.values((town.world.reports?.find(({ name }) => name === valuesReport)?.body ?? {}) as Record<string, string>);
    values = [...new Set([...made.filter((value) => !isAwsKeyId(value)), ...valuesAt(town.providers), ...played.marked])];
  }, 90_000);

  afterAll(async () => {
    vi.restoreAllMocks();
    await town.close();
  });

  it('no value is left anywhere, nor eight characters of one in any encoding', () => {
    expect(leaksIn(said, values)).toEqual([]);
  });

  it('no hash of a value is left either, which guesses could be tried against', () => {
    const hashes = values.flatMap((value) => ['md5', 'sha1', 'sha256', 'sha512'].flatMap((name) => [createHash(name).update(value).digest('hex').slice(0, 16), createHash(name).update(value).digest('base64').slice(0, 12)]));
    const marks = new Set(hashes);
    expect(marks.size).toBe(hashes.length);
    const all = said.map(([, text]) => text).join('\n').toLowerCase();
    expect(hashes.filter((hash) => all.includes(hash.toLowerCase()))).toEqual([]);
  });

  it('there was something to find: secrets of every kind, and every place that was searched has texts', () => {
    for (const name of ['secret', 'vendorA', 'ftp', 'vendorAdmin', 'githubHook', 'githubToken', 'trufflehog', 'gitleaks', 'invented', 'unreachable']) expect(values, name).toContain(town.value(name));
    expect(values.length).toBeGreaterThan(40);
    const places = ['log info', 'log warn', 'log error', 'line of the ledger', 'printed timeline', 'the terminal', 'metrics', 'dead letters', 'topic', 'queue rescind-deliveries', 'queue rescind-index', 'table registry', 'table ledger', 'execution c-', 'bucket deliveries/', 'answer to GET /cases', 'answer to GET /tasks', 'answer to GET /credentials', 'answer to gitleaks', 'answer to POST /tasks', 'receive: S3 PutObject', 'report: SNS Publish', 'rotate: EventBridge PutEvents', 'dispatch: SFN StartExecution'];
    for (const place of places) expect(said.some(([where, text]) => where.startsWith(place) && text.length > 2), place).toBe(true);
    expect(said.some(([, text]) => text.includes('"sealed"')), 'held values are in the table, encrypted').toBe(true);
    expect(said.some(([where, text]) => where.startsWith('execution') && text.includes('"errorType'.replaceAll('"', '\\"'))), 'a step failed of an error that quotes a value').toBe(true);
  });

  it('a value in a log line is found, however it is written and where only eight characters of it are left', () => {
    const { log } = town.foundation('plan');
    const before = town.said.length;
    const [value, other] = [town.value('vendorAdmin'), town.value('otherSecret')];
    const lines: Record<string, unknown>[] = [
      { value },
      { piece: `only ${value.slice(9, 17)} of it` },
      ...['', 'x', 'xy'].map((lead) => ({ base64: Buffer.from(`${lead}${value}`).toString('base64') })),
      ...['', 'x', 'xy'].map((lead) => ({ base64url: Buffer.from(`${lead}?>?>${other}`).toString('base64url') })),
      { hex: Buffer.from(value).toString('hex') },
      { HEX: Buffer.from(value).toString('hex').toUpperCase() },
      { url: encodeURIComponent(other) },
      { nested: JSON.stringify({ value }) },
      { error: new Error(`cannot use ${value}`) },
    ];
    for (const line of lines) log.error('planted', line);
    const planted = town.said.splice(before);
    expect(planted.length).toBe(lines.length);
    for (const line of planted) expect(leaksIn([line], values), line[1].slice(0, 20)).toHaveLength(1);
    expect(leaksIn([['log', `seven: ${value.slice(9, 16)}`]], values)).toEqual([]);
  });
});
