import { expect, test } from 'vitest';
import { sources } from '../../../events/index.ts';
import type { WebhookSource } from '../../../events/trigger.ts';
import { defaultWorld } from '../../../local/cli/options.ts';
import { loadWorld } from '../../../local/world/load.ts';
import { sendingOf } from '../../../local/world/sender.ts';
import { signForSender } from '../../../local/world/sign.ts';
import { fill, makeUpAll } from '../../../local/world/values.ts';
import type { World } from '../../../local/world/world.ts';

const now = new Date('2026-03-02T08:30:00Z');
const file = loadWorld(defaultWorld);
const values = makeUpAll(file);
const world: World = fill({ ...file }, { ...values, 'github.url': 'http://127.0.0.1:1', 'vendor.acmepay.url': 'http://127.0.0.1:2', 'aws.url': 'http://127.0.0.1:3' });

const sourceOf = (name: string): WebhookSource => sources.find((one): one is WebhookSource => one.transport === 'webhook' && one.name === name) as WebhookSource;
const secretsOf = (name: string): string[] => {
  const secret = world.configuration.sources.find(({ source }) => source === name)?.secrets[0];
  return [world.aws.secrets?.find((one) => one.name === secret)?.value ?? ''];
};
const webhooks = (world.reports ?? []).filter(({ source }) => source !== 'aws-events');

test.each(webhooks.map((report) => [report.name, report] as const))('the report "%s" is believed and understood by its source', (_, report) => {
  const { headers, body, path } = sendingOf(world, report, now);
  const request = { method: 'POST', headers, query: {}, body: Buffer.from(body) };
  expect(path).toBe(`/triggers/${report.source}`);
  expect(sourceOf(report.source).authenticate(request, secretsOf(report.source), now)).toEqual({ ok: true });
  expect(sourceOf(report.source).parse(request).kind).toBe('triggers');
  const forged = { ...request, body: Buffer.from(`${body} `) };
  expect(sourceOf(report.source).authenticate(forged, secretsOf(report.source), now).ok).toBe(false);
});

test('sent again later, a report is the same message under a fresh time', () => {
  const report = webhooks.find(({ source }) => source === 'trufflehog');
  const [first, second] = [now, new Date(now.getTime() + 60_000)].map((at) => sendingOf(world, report ?? webhooks[0]!, at));
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(second?.headers['webhook-timestamp']).not.toBe(first?.headers['webhook-timestamp']);
});

test('a person may have a body signed without seeing the secret, and only for a source that is connected', () => {
  const ask = (path: string, method = 'POST') => signForSender({ method, path, headers: {}, query: {}, body: Buffer.from('{}') }, world, now);
  const answer = ask('/world/sign/github-secret-scanning');
  expect(answer.status).toBe(200);
  expect(answer.body).toMatch(/^x-hub-signature-256: sha256=[0-9a-f]{64}$/m);
  for (const value of Object.values(values)) expect(String(answer.body)).not.toContain(value);
  expect(ask('/world/sign/gitlab').status).toBe(404);
  expect(ask('/world/sign/trufflehog', 'GET').status).toBe(405);
});
