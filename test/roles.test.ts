import { beforeAll, describe, expect, it } from 'vitest';
import type { Called } from '../functions/aws/clients.ts';
import { connectors } from '../functions/connectors/index.ts';
import type { Configuration } from '../functions/core/configuration.ts';
import { functionNames, grants, type FunctionName } from '../infra/grants.ts';
import { connectorPermissions } from '../infra/permissions.ts';
import { playEveryCase } from './every-case.ts';
import { playEveryLease } from './every-lease.ts';
import { notGranted, recordCalls, told, type Call } from './role-calls.ts';

/** What is granted and called by no code of ours, or only where something went wrong that no world shows. */
const exceptions: Record<string, string> = {
  'report: kms:Decrypt on topic-key': 'SNS uses the key of the topic in the name of whoever publishes',
  'report: kms:GenerateDataKey on topic-key': 'SNS uses the key of the topic in the name of whoever publishes',
  'revoke: iam:GetAccessKeyLastUsed': 'a plan that deletes has named the user before; the connector asks where nobody has, as its own tests show',
  ...Object.fromEntries(['leases', 'release'].map((by) => [`${by}: iam:PassRole on timers-role`, 'EventBridge Scheduler asks for it when a schedule names a role; no code calls it'])),
  'release: scheduler:CreateSchedule on timers': 'only where whoever renewed died before its timer was set',
  'release: scheduler:UpdateSchedule on timers': 'as above, where there was one already',
  ...Object.fromEntries(['GetRole', 'GetRolePolicy', 'ListRolePolicies', 'PutRolePolicy'].map((action) => [`contain: iam:${action}`, 'nothing reports a leaked role session yet: a lease is revoked, not contained'])),
  'contain: secretsmanager:GetSecretValue': 'nothing reports a leaked vault token yet: as above',
  ...Object.fromEntries(['contain', 'revoke', 'release'].map((by) => [`${by}: sts:GetCallerIdentity`, 'only where a role has gone: is it our account that does not know it?'])),
  ...Object.fromEntries(['revoke', 'release'].flatMap((by) => [[`${by}: iam:ListRolePolicies`, 'only where the inline policies of a role are full'], [`${by}: secretsmanager:RemoveRegionsFromReplication`, 'only for a secret with replicas']])),
};

/** A case acts only where the lease's own next try did not come first: either is fine, and which it is nobody can say. */
const either = ['revoke: iam:PutRolePolicy', 'revoke: secretsmanager:DeleteSecret', 'revoke: secretsmanager:GetSecretValue'];

/** Secrets Manager uses the key of a secret in the name of whoever reads or writes it. */
const isThroughService = (conditions: object | undefined): boolean => JSON.stringify(conditions ?? {}).includes('kms:ViaService');

const grantedTo = (by: FunctionName): { words: string; isUsed: (call: Call) => boolean }[] => [
  ...grants[by]
    .filter(({ conditions }) => !isThroughService(conditions))
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) =>
        resources.map((on) => ({ words: told({ by, action, on }), isUsed: (call: Call) => call.action === action && (call.on === on || (on.endsWith('-secrets') || on === 'every-secret' ? call.on.startsWith('secret:') : false)) })),
      ),
    ),
  ...connectorPermissions(by, connectors)
    .filter(({ conditions }) => !isThroughService(conditions))
    .flatMap(({ actions }) => actions.map((action) => ({ words: `${by}: ${action}`, isUsed: (call: Call) => call.action === action }))),
];

describe('what the functions call, played over every kind of case and of lease', () => {
  const record = recordCalls();
  const lent = recordCalls();
  const contexts: unknown[] = [];
  const events: unknown[] = [];
  let configuration: Configuration;
  let lending: Configuration;
  const calls = (): Call[] => [...record.calls(), ...lent.calls()];

  beforeAll(async () => {
    const onCall = (by: FunctionName, called: Called, input: unknown): void => {
      const { service, operation } = called;
      record.onCall(by, called, input);
      if (service === 'KMS' && operation !== 'GenerateMac') contexts.push((input as { EncryptionContext?: unknown }).EncryptionContext);
      if (service === 'EventBridge') events.push(...((input as { Entries?: { Source?: string }[] }).Entries ?? []).map(({ Source }) => Source));
    };
    const { town } = await playEveryCase({ hooks: { onCall } });
    configuration = town.world.configuration;
    await town.close();
    const leases = await playEveryLease({ hooks: { onCall: lent.onCall } });
    lending = leases.world.configuration;
    await leases.close();
  }, 90_000);

  it('is granted to each of them, on the very resource', () => {
    expect([...new Set(calls().map(({ by }) => by))].sort()).toEqual([...functionNames].sort());
    expect([...notGranted(record.calls(), configuration), ...notGranted(lent.calls(), lending)]).toEqual([]);
  });

  it('is all that is granted, but for a few things with a reason each', () => {
    const unused = functionNames.flatMap((by) => grantedTo(by).filter(({ isUsed }) => !calls().some((call) => call.by === by && isUsed(call))).map(({ words }) => words));
    expect([...new Set(unused)].filter((words) => !either.includes(words)).sort()).toEqual(Object.keys(exceptions).sort());
  });

  it('keeps to the conditions of its grants', () => {
    expect(contexts.length).toBeGreaterThan(0);
    for (const context of contexts) expect(context).toEqual({ case: expect.stringMatching(/^c-/) });
    expect([...new Set(events)]).toEqual(['rescind']);
  });

  it('would be found out where a role does not allow it', () => {
    const forbidden: Call[] = [
      { by: 'record', action: 'dynamodb:DeleteItem', on: 'registry' },
      { by: 'receive', action: 'secretsmanager:GetSecretValue', on: 'secret:orders/s3-1' },
      { by: 'rotate', action: 'secretsmanager:PutSecretValue', on: 'secret:orders/s3-4' },
      { by: 'contain', action: 'kms:Decrypt', on: 'hold-key' },
      { by: 'probe', action: 'iam:DeleteAccessKey', on: '*' },
    ];
    expect(notGranted(forbidden, configuration)).toEqual(forbidden.map(told));
  });
});
