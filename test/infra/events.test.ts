import { describe, expect, it } from 'vitest';
import { awsEventSources } from '../../infra/events.ts';
import { transformed, type Transformer } from '../events/event-bridge.ts';
import { eventOf } from '../events/runs-of.ts';
import { sampleNames } from '../events/samples.ts';
import { flat, fullConfiguration, leases, ofType, statementsOf, synthesizedFrom } from './synthesized.ts';

const tellers = awsEventSources.filter(({ tells }) => tells === 'run');
const jobRoles = tellers.map(({ name }) => ({ platform: name, role: `arn:aws:iam::111122223333:role/jobs/${name}`, owner: 'payments' }));
/** Every platform is listened to, and of each a role ends with its runs: as many rules as there can be. */
const { resources } = synthesizedFrom({ configuration: { ...fullConfiguration, leases: { ...leases, platforms: undefined, jobRoles } } });

interface Target { Arn: unknown; InputTransformer?: Transformer; Input?: string; InputPath?: string }
const rules = ofType(resources, 'AWS::Events::Rule').map(([id, { Properties }]) => ({ id, source: (Properties.EventPattern as { source: string[] }).source[0], targets: Properties.Targets as Target[] }));
const ofRuns = rules.filter(({ targets }) => targets.some(({ Arn }) => /^<QueuesEnds[0-9A-F]+\.Arn>$/.test(flat(Arn))));

describe('rules about runs', () => {
  it('are two for each platform, each with one target', () => {
    expect(ofRuns).toHaveLength(2 * tellers.length);
    for (const { id, targets } of ofRuns) expect(targets, id).toHaveLength(1);
  });

  it('hand on what is read and never the event as it is: it holds what the job was started with', () => {
    for (const { id, source, targets: [target] } of ofRuns) {
      const { reads } = tellers.find(({ pattern }) => pattern.source[0] === source) ?? {};
      expect(Object.values(target?.InputTransformer?.InputPathsMap ?? {}).sort(), id).toEqual(reads?.map((path) => `$.${path}`).sort());
      expect([target?.Input, target?.InputPath], id).toEqual([undefined, undefined]);
    }
  });

  it.each(tellers.flatMap((source) => sampleNames(source.name).map((file) => [source.name, file, source] as const)))('hand on of %s/%s what is understood like the whole', (_, file, source) => {
    const event = eventOf(source, file);
    const ofSource = ofRuns.filter((rule) => rule.source === source.pattern.source[0]);
    expect(ofSource).toHaveLength(2);
    for (const { targets: [target] } of ofSource) expect(source.parse(JSON.parse(transformed(target?.InputTransformer as Transformer, event)))).toEqual(source.parse(event));
  });
});

describe('what rules may send to', () => {
  const policies = ofType(resources, 'AWS::SQS::QueuePolicy').map(([id, { Properties }]) => ({ id, queues: (Properties.Queues as unknown[]).map(flat), statements: statementsOf(Properties.PolicyDocument) }));
  const sending = policies.map(({ id, statements }) => ({ id, statements: statements.filter(({ Effect }) => Effect === 'Allow') }));

  it('is one statement for each queue, far from the twenty that a policy may have, whatever is listened to', () => {
    expect(policies).toHaveLength(6);
    for (const { id, statements } of policies) expect(statements.length, id).toBeLessThanOrEqual(3);
    for (const { id, statements } of sending) expect(statements.length, id).toBe(1);
  });

  it('is allowed to EventBridge for these very rules, and to nobody else', () => {
    for (const { id, statements: [statement] } of sending) {
      expect(statement, id).toMatchObject({ Action: ['sqs:SendMessage'], Principal: { Service: 'events.amazonaws.com' } });
      const named = (statement?.Condition?.ArnEquals as Record<string, unknown>)['aws:SourceArn'];
      const heard = (Array.isArray(named) ? named : [named]).map(flat);
      const queue = /^Queues(Ends|Index|Deliveries)/.exec(id)?.[1] ?? '';
      const expected = rules.filter(({ targets }) => targets.some(({ Arn }) => flat(Arn).startsWith(`<Queues${queue}`))).map((rule) => `<${rule.id}.Arn>`);
      expect(heard.sort(), id).toEqual(expected.sort());
    }
  });
});
