import { App } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { routes } from '../../functions/aws/api-routes.ts';
import { tables } from '../../functions/aws/tables.ts';
import { leaseRoutes } from '../../functions/leases.ts';
import { awsEventSources } from '../../infra/events.ts';
import { settings } from '../../infra/function-settings.ts';
import { functionNames } from '../../infra/grants.ts';
import { HealthForwarder } from '../../infra/health-forwarder.ts';
import { tokenRoutes } from '../../infra/ingress.ts';
import { STEP_TIMEOUT_SECONDS } from '../../infra/playbooks/step.ts';
import { flat, fullConfiguration, leases, ofType, statementsOf, synthesized, synthesizedFrom, withoutLeases } from './synthesized.ts';
import type { Resource } from './synthesized.ts';

const { resources, outputs } = synthesized();
const propertiesOf = (type: string) => ofType(resources, type).map(([, { Properties }]) => Properties);

describe('functions', () => {
  it('run on Node 24 and arm64, each with a role and a log of its own', () => {
    const all = propertiesOf('AWS::Lambda::Function');
    expect(all).toHaveLength(functionNames.length);
    for (const lambda of all) expect(lambda).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
    const roles = all.map(({ Role }) => flat(Role));
    const logs = all.map(({ LoggingConfig }) => flat((LoggingConfig as { LogGroup: unknown }).LogGroup));
    expect(new Set(roles).size).toBe(all.length);
    expect(new Set(logs).size).toBe(all.length);
  });

  it('are kept from running in circles, but for release, which tries a pending revocation until it is dead', () => {
    const free = propertiesOf('AWS::Lambda::Function').filter(({ RecursiveLoop }) => RecursiveLoop !== undefined).map(({ FunctionName, RecursiveLoop }) => [FunctionName, RecursiveLoop]);
    expect(free).toEqual([['Rescind-release', 'Allow']]);
  });

  it('receive and contain have concurrency of their own', () => {
    const reserved = propertiesOf('AWS::Lambda::Function').filter(({ ReservedConcurrentExecutions }) => ReservedConcurrentExecutions !== undefined);
    expect(reserved.map(({ FunctionName }) => FunctionName).sort()).toEqual(['Rescind-contain', 'Rescind-receive']);
    expect(ofType(synthesized({ reserved: 'none' }).resources, 'AWS::Lambda::Function').some(([, { Properties }]) => Properties.ReservedConcurrentExecutions !== undefined)).toBe(false);
  });

  it('of a playbook are given up before the playbook gives up waiting for them', () => {
    for (const name of ['plan', 'contain', 'rotate', 'revoke', 'probe', 'record', 'report'] as const) expect(settings[name].timeoutSeconds).toBeLessThan(STEP_TIMEOUT_SECONDS);
  });
});

describe('queues', () => {
  it('each has dead letters after some tries, or keeps them', () => {
    const queues = ofType(resources, 'AWS::SQS::Queue');
    const dead = new Set(queues.flatMap(([, { Properties }]) => (Properties.RedrivePolicy ? [flat((Properties.RedrivePolicy as { deadLetterTargetArn: unknown }).deadLetterTargetArn)] : [])));
    expect(dead.size).toBe(3);
    for (const [id, { Properties }] of queues) {
      expect(Properties.SqsManagedSseEnabled, id).toBe(true);
      if (!dead.has(`<${id}.Arn>`)) expect((Properties.RedrivePolicy as { maxReceiveCount: number }).maxReceiveCount, id).toBe(id.startsWith('QueuesEnds') ? 36 : 6);
    }
  });

  it('are invisible for six times as long as their reader may run, ends for as long as it may, and failed messages come back one by one', () => {
    const mappings = propertiesOf('AWS::Lambda::EventSourceMapping');
    expect(mappings).toHaveLength(3);
    for (const mapping of mappings) {
      expect(mapping).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
      expect((mapping.ScalingConfig as { MaximumConcurrency: number }).MaximumConcurrency).toBeGreaterThan(1);
      const queue = resources[flat(mapping.EventSourceArn).slice(1, -'.Arn>'.length)];
      const reader = resources[flat(mapping.FunctionName).slice(1, -1)];
      const isEnds = flat(mapping.FunctionName).startsWith('<FunctionsRelease');
      expect(queue?.Properties.VisibilityTimeout).toBe((isEnds ? 1 : 6) * Number(reader?.Properties.Timeout));
    }
  });

  it('try a message for 36 minutes at least: a table that is away for six must not cost the end of a run', () => {
    for (const [id, { Properties }] of ofType(resources, 'AWS::SQS::Queue')) {
      const { maxReceiveCount } = (Properties.RedrivePolicy ?? {}) as { maxReceiveCount?: number };
      if (maxReceiveCount !== undefined) expect(maxReceiveCount * Number(Properties.VisibilityTimeout), id).toBeGreaterThanOrEqual(36 * 60);
    }
  });

  it('hand ended runs to release at once, ten at a time, in twenty places', () => {
    const ends = propertiesOf('AWS::Lambda::EventSourceMapping').find(({ EventSourceArn }) => flat(EventSourceArn).startsWith('<QueuesEnds'));
    expect(ends).toMatchObject({ BatchSize: 10, MaximumBatchingWindowInSeconds: 0, ScalingConfig: { MaximumConcurrency: 20 } });
    expect(flat(ends?.FunctionName)).toMatch(/^<FunctionsRelease/);
  });

  it('take only encrypted connections', () => {
    const policies = propertiesOf('AWS::SQS::QueuePolicy');
    expect(policies).toHaveLength(6);
    for (const policy of policies) expect(JSON.stringify(policy)).toContain('"aws:SecureTransport":"false"');
  });
});

describe('tables', () => {
  it('are the ones that the functions know, retained, protected and restorable', () => {
    const all = propertiesOf('AWS::DynamoDB::Table');
    expect(all).toHaveLength(Object.keys(tables).length);
    for (const [, table] of ofType(resources, 'AWS::DynamoDB::Table')) {
      expect(table.DeletionPolicy).toBe('Retain');
      expect(table.Properties).toMatchObject({
        DeletionProtectionEnabled: true,
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      });
    }
    const indexes = all.map(({ GlobalSecondaryIndexes }) => (GlobalSecondaryIndexes as { IndexName: string }[]).map(({ IndexName }) => IndexName).sort().join());
    expect(indexes.sort()).toEqual(Object.values(tables).map(({ indexes: known }) => known.map(({ name }) => name).sort().join()).sort());
  });
});

describe('the HTTP API', () => {
  const byKey = Object.fromEntries(propertiesOf('AWS::ApiGatewayV2::Route').map((route) => [route.RouteKey as string, route.AuthorizationType]));

  it('asks for AWS credentials everywhere but at the triggers, and where jobs bring a token', () => {
    const open = Object.entries(byKey).filter(([, type]) => type !== 'AWS_IAM').map(([key]) => key);
    expect(open.sort()).toEqual(['GET /triggers/{source}', 'OPTIONS /triggers/{source}', 'POST /leases', 'POST /leases/{id}/end', 'POST /leases/{id}/renew', 'POST /triggers/{source}']);
    expect(tokenRoutes).toHaveLength(3);
  });

  it('has a route for each path and method that the functions know, and no other', () => {
    const known = [...routes, ...leaseRoutes].flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} /${path.join('/')}`));
    expect(Object.keys(byKey).filter((key) => !key.includes('/triggers/')).sort()).toEqual(known.sort());
  });

  it('sends all that is about leases to leases', () => {
    const targetOf = (key: string): string => {
      const route = propertiesOf('AWS::ApiGatewayV2::Route').find(({ RouteKey }) => RouteKey === key);
      const [, integration = ''] = /integrations\/<(\w+)>/.exec(flat(route?.Target)) ?? [];
      return flat(resources[integration]?.Properties.IntegrationUri);
    };
    for (const key of Object.keys(byKey)) expect(/^<FunctionsLeases/.test(targetOf(key)), key).toBe(key.includes('/leases'));
  });

  it('is throttled and writes an access log that holds no header, query or body', () => {
    const [stage] = propertiesOf('AWS::ApiGatewayV2::Stage');
    expect(stage?.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 200, ThrottlingBurstLimit: 400 });
    const { Format } = stage?.AccessLogSettings as { Format: string };
    expect(Format).toContain('$context.requestId');
    expect(Format).not.toMatch(/header|query|body|\$request/i);
  });
});

describe('rules and schedules', () => {
  interface Target { Arn: unknown; DeadLetterConfig?: { Arn: unknown } }
  interface Heard { id: string; pattern: { source: string[]; 'detail-type': string[]; detail?: Record<string, unknown> }; targets: Target[] }
  const rulesOf = (of: Record<string, Resource>): Heard[] =>
    ofType(of, 'AWS::Events::Rule').map(([id, { Properties }]) => ({ id, pattern: Properties.EventPattern as Heard['pattern'], targets: Properties.Targets as Target[] }));
  const rules = rulesOf(resources);
  const queuesOf = ({ targets }: Heard): string[] => targets.map(({ Arn }) => /^<Queues([A-Z][a-z]+)/.exec(flat(Arn))?.[1] ?? '');
  const listensTo = (of: Heard[], queue: string): string[] => of.filter((rule) => queuesOf(rule).includes(queue)).flatMap(({ pattern }) => pattern.source);
  const serviceOf = (name: string): string => awsEventSources.find((source) => source.name === name)?.pattern.source[0] ?? '';

  it('bring each source that reports leaks to the deliveries', () => {
    const leaks = awsEventSources.filter(({ tells }) => tells === 'leak');
    expect(leaks.length).toBeGreaterThan(0);
    for (const { pattern } of leaks) {
      const [rule, ...others] = rules.filter((candidate) => JSON.stringify(candidate.pattern.source) === JSON.stringify(pattern.source));
      expect(rule && queuesOf(rule)).toEqual(['Deliveries']);
      expect(others).toEqual([]);
    }
  });

  it('bring ends of runs to release, of the platforms that are listened to', () => {
    const ended = rules.filter(({ id }) => /Ended/.test(id) && !id.includes('PlaybookEnded'));
    expect(ended.map(({ pattern }) => pattern.source[0]).sort()).toEqual((leases.platforms ?? []).map(serviceOf).sort());
    for (const rule of ended) {
      const source = awsEventSources.find(({ pattern }) => pattern.source[0] === rule.pattern.source[0]);
      expect(rule.pattern).toMatchObject({ source: source?.pattern.source, 'detail-type': source?.pattern.detailType, detail: source?.pattern.detail });
      expect(queuesOf(rule)).toEqual(['Ends']);
    }
  });

  it('bring ends of every platform that there is where the configuration names none', () => {
    const every = rulesOf(synthesizedFrom({ configuration: { ...fullConfiguration, leases: { ...leases, platforms: undefined } } }).resources);
    expect(new Set(listensTo(every, 'Ends'))).toEqual(new Set(awsEventSources.filter(({ tells }) => tells === 'run').flatMap(({ pattern }) => pattern.source)));
  });

  it('bring beginnings of runs only of those platforms whose roles end with their runs', () => {
    const started = rules.filter(({ id }) => /Started/.test(id));
    expect(started.map(({ pattern }) => pattern.source)).toEqual([['aws.batch']]);
    expect(started.map(({ pattern }) => pattern.detail)).toEqual([awsEventSources.find(({ name }) => name === 'aws-batch')?.starts?.detail]);
    expect(rulesOf(synthesizedFrom({ configuration: { ...fullConfiguration, leases: { ...leases, jobRoles: [] } } }).resources).filter(({ id }) => /Started/.test(id))).toEqual([]);
  });

  it('hear of no run at all where nothing may be lent', () => {
    expect(listensTo(rulesOf(synthesizedFrom({ configuration: withoutLeases }).resources), 'Ends')).toEqual([]);
  });

  it('take our own playbooks for no jobs', () => {
    const [ended] = rules.filter(({ pattern, id }) => pattern.source.includes('aws.states') && !id.includes('PlaybookEnded'));
    expect(ended?.pattern.detail?.stateMachineArn).toEqual([{ 'anything-but': [{ Ref: expect.stringContaining('SecretLeaked') }, { Ref: expect.stringContaining('JobEnded') }] }]);
    expect(ended?.pattern.detail?.status).toEqual(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']);
  });

  it('have patterns of a size that EventBridge takes', () => {
    const every = rulesOf(synthesizedFrom({ configuration: { ...fullConfiguration, leases: { ...leases, platforms: undefined } } }).resources);
    for (const { id, pattern } of every) expect(JSON.stringify(pattern).length, id).toBeLessThan(2048);
  });

  it('bring a moved label to the index and to whoever waits for it, and an ended playbook to dispatch', () => {
    const [moved] = rules.filter(({ pattern }) => pattern['detail-type'].includes('Secret Label Updated'));
    expect(moved && queuesOf(moved)).toEqual(['Index', 'Deliveries']);
    const [ended] = rules.filter(({ id }) => id.includes('PlaybookEnded'));
    expect(ended?.pattern.detail).toEqual({ status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [{ Ref: expect.stringContaining('SecretLeaked') }, { Ref: expect.stringContaining('JobEnded') }] });
    expect(ended && queuesOf(ended)).toEqual(['Deliveries']);
  });

  it('lose nothing: every target has the dead letters of its own queue', () => {
    const targets = [...rules.flatMap((rule) => rule.targets), ...propertiesOf('AWS::Scheduler::Schedule').map(({ Target: target }) => target as Target)];
    expect(targets.length).toBe(12);
    for (const { Arn, DeadLetterConfig } of targets) expect(flat(DeadLetterConfig?.Arn)).toMatch(new RegExp(`${/^<Queues[A-Z][a-z]+/.exec(flat(Arn))?.[0]}Dead[0-9A-F]+\\.Arn>$`));
  });

  it('let the index tick every fifteen minutes, the sweep every five, and what is due every minute and once a day', () => {
    const schedules = propertiesOf('AWS::Scheduler::Schedule').map(({ ScheduleExpression, Target: target }) => [ScheduleExpression, (target as { Input: string }).Input, /^<Queues([A-Z][a-z]+)/.exec(flat((target as Target).Arn))?.[1]]);
    expect(schedules.sort()).toEqual([
      ['rate(1 day)', '{"kind":"day"}', 'Ends'],
      ['rate(1 minute)', '{"kind":"due"}', 'Ends'],
      ['rate(15 minutes)', '{"kind":"tick"}', 'Index'],
      ['rate(5 minutes)', '{"kind":"sweep"}', 'Deliveries'],
    ]);
  });

  it('go on by the clock where nothing may be lent any more: what was lent must still end', () => {
    expect(ofType(synthesizedFrom({ configuration: withoutLeases }).resources, 'AWS::Scheduler::Schedule')).toHaveLength(4);
  });
});

describe("the leases' timers", () => {
  const role = ofType(resources, 'AWS::IAM::Role').find(([id]) => id.startsWith('Timers'))?.[1].Properties;
  const [trust] = (role?.AssumeRolePolicyDocument as { Statement: Record<string, unknown>[] }).Statement;

  it('have a group of their own', () => {
    expect(propertiesOf('AWS::Scheduler::ScheduleGroup')).toEqual([{ Name: 'Rescind-leases' }]);
  });

  it('send under a role that only EventBridge Scheduler may take, for schedules of this account and group', () => {
    expect(trust).toMatchObject({ Action: 'sts:AssumeRole', Principal: { Service: 'scheduler.amazonaws.com' } });
    const { StringEquals } = trust?.Condition as { StringEquals: Record<string, unknown> };
    expect(flat(StringEquals['aws:SourceAccount'])).toBe('<AWS::AccountId>');
    expect(flat(StringEquals['aws:SourceArn'])).toMatch(/^arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule-group\/Rescind-leases$/);
    expect((role?.AssumeRolePolicyDocument as { Statement: unknown[] }).Statement).toHaveLength(1);
  });

  it('may send to the queue of ends and to its dead letters, and do nothing else', () => {
    const statements = ofType(resources, 'AWS::IAM::Policy').filter(([id]) => id.startsWith('Timers')).flatMap(([, { Properties }]) => statementsOf(Properties.PolicyDocument));
    expect(statements).toHaveLength(1);
    expect(statements[0]).toMatchObject({ Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: [expect.stringMatching(/^<QueuesEnds[0-9A-F]+\.Arn>$/), expect.stringMatching(/^<QueuesEndsDead\w+\.Arn>$/)] });
  });

  it('are named to the functions that set them', () => {
    for (const name of ['release', 'leases']) {
      const lambda = propertiesOf('AWS::Lambda::Function').find(({ FunctionName }) => FunctionName === `Rescind-${name}`);
      const { Variables } = lambda?.Environment as { Variables: Record<string, unknown> };
      expect(Variables.TIMERS_GROUP).toBe('Rescind-leases');
      expect(flat(Variables.TIMERS_ROLE)).toMatch(/^<TimersRole\w+\.Arn>$/);
      expect(flat(Variables.ENDS_QUEUE_ARN)).toMatch(/^<QueuesEnds[0-9A-F]+\.Arn>$/);
      expect(flat(Variables.ENDS_DEAD_QUEUE_ARN)).toMatch(/^<QueuesEndsDead\w+\.Arn>$/);
    }
  });
});

describe('the rest', () => {
  it('keeps bodies private, encrypted and for a week', () => {
    const [bucket] = propertiesOf('AWS::S3::Bucket');
    expect(bucket).toMatchObject({
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
      LifecycleConfiguration: { Rules: [{ ExpirationInDays: 7, Status: 'Enabled' }] },
    });
  });

  it('logs every transition of the playbooks and nothing that they carry', () => {
    const machines = propertiesOf('AWS::StepFunctions::StateMachine');
    expect(machines.map(({ StateMachineName }) => StateMachineName).sort()).toEqual(['Rescind-job-ended', 'Rescind-secret-leaked']);
    for (const machine of machines) expect(machine).toMatchObject({ LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false }, TracingConfiguration: { Enabled: true }, StateMachineType: 'STANDARD' });
  });

  it('says where it is', () => {
    expect(Object.keys(outputs)).toEqual(expect.arrayContaining(['ApiUrl', 'DeliveriesQueueUrl', 'EndsQueueUrl', 'RegistryTableName', 'LedgerTableName', 'LeasesTableName', 'TimersGroupName', 'StateMachineArn', 'JobEndedPlaybookArn', 'TopicArn']));
  });

  it('uses nothing that only a custom resource can do', () => {
    expect(Object.values(resources).filter(({ Type }) => Type.startsWith('Custom::') || Type === 'AWS::CloudFormation::CustomResource')).toEqual([]);
  });

  it('forwards Health\'s reports from us-east-1 to the main Region', () => {
    const stack = new HealthForwarder(new App(), 'Forwarder', { mainRegion: 'eu-west-1', env: { account: '111122223333', region: 'us-east-1' } });
    Template.fromStack(stack).hasResourceProperties('AWS::Events::Rule', { EventPattern: { source: ['aws.health'], detail: { service: ['RISK'] } } });
    expect(JSON.stringify(Template.fromStack(stack).toJSON())).toContain(':events:eu-west-1:111122223333:event-bus/default');
  });
});
