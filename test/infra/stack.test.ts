import { App } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { sources } from '../../events/index.ts';
import { routes } from '../../functions/aws/api-routes.ts';
import { tables } from '../../functions/aws/tables.ts';
import { settings } from '../../infra/function-settings.ts';
import { functionNames } from '../../infra/grants.ts';
import { HealthForwarder } from '../../infra/health-forwarder.ts';
import { STEP_TIMEOUT_SECONDS } from '../../infra/playbooks/step.ts';
import { flat, ofType, synthesized } from './synthesized.ts';

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
    expect(dead.size).toBe(2);
    for (const [id, { Properties }] of queues) {
      expect(Properties.SqsManagedSseEnabled, id).toBe(true);
      if (!dead.has(`<${id}.Arn>`)) expect((Properties.RedrivePolicy as { maxReceiveCount: number }).maxReceiveCount, id).toBe(6);
    }
  });

  it('are invisible for six times as long as their reader may run, and failed messages come back one by one', () => {
    const mappings = propertiesOf('AWS::Lambda::EventSourceMapping');
    expect(mappings).toHaveLength(2);
    for (const mapping of mappings) {
      expect(mapping).toMatchObject({ FunctionResponseTypes: ['ReportBatchItemFailures'] });
      expect((mapping.ScalingConfig as { MaximumConcurrency: number }).MaximumConcurrency).toBeGreaterThan(1);
      const queue = resources[flat(mapping.EventSourceArn).slice(1, -'.Arn>'.length)];
      const reader = resources[flat(mapping.FunctionName).slice(1, -1)];
      expect(queue?.Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * Number(reader?.Properties.Timeout));
    }
  });

  it('take only encrypted connections', () => {
    const policies = propertiesOf('AWS::SQS::QueuePolicy');
    expect(policies).toHaveLength(4);
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

  it('asks for AWS credentials everywhere but at the triggers', () => {
    const open = Object.entries(byKey).filter(([, type]) => type !== 'AWS_IAM').map(([key]) => key);
    expect(open.sort()).toEqual(['GET /triggers/{source}', 'OPTIONS /triggers/{source}', 'POST /triggers/{source}']);
  });

  it('has a route for each path and method that the function knows, and no other', () => {
    const known = routes.flatMap(({ path, methods }) => Object.keys(methods).map((method) => `${method} /${path.join('/')}`));
    expect(Object.keys(byKey).filter((key) => !key.includes('/triggers/')).sort()).toEqual(known.sort());
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
  const rules = propertiesOf('AWS::Events::Rule');
  const targetsOf = (match: (pattern: Record<string, unknown>) => boolean) =>
    rules.filter(({ EventPattern }) => match(EventPattern as Record<string, unknown>)).flatMap(({ Targets }) => (Targets as { Arn: unknown; DeadLetterConfig?: unknown }[]));

  it('bring each source that speaks through EventBridge to the deliveries', () => {
    for (const source of sources) {
      if (source.transport !== 'aws-event') continue;
      const targets = targetsOf((pattern) => JSON.stringify(pattern.source) === JSON.stringify(source.pattern.source));
      expect(targets.map(({ Arn }) => flat(Arn))).toEqual([expect.stringContaining('QueuesDeliveries')]);
    }
  });

  it('bring a moved label to the index and to whoever waits for it, and an ended playbook to dispatch', () => {
    const moved = targetsOf((pattern) => JSON.stringify(pattern['detail-type']).includes('Secret Label Updated')).map(({ Arn }) => flat(Arn));
    expect(moved).toEqual([expect.stringContaining('QueuesIndex'), expect.stringContaining('QueuesDeliveries')]);
    const [ended] = rules.filter(({ EventPattern }) => JSON.stringify(EventPattern).includes('aws.states'));
    expect(ended?.EventPattern).toMatchObject({ detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'], stateMachineArn: [{ Ref: expect.stringContaining('SecretLeaked') }] } });
  });

  it('lose nothing: every target has dead letters', () => {
    const targets = [...targetsOf(() => true), ...propertiesOf('AWS::Scheduler::Schedule').map(({ Target }) => Target as { DeadLetterConfig?: unknown })];
    expect(targets.length).toBe(6);
    for (const { DeadLetterConfig } of targets) expect(DeadLetterConfig).toBeDefined();
  });

  it('let the index tick every fifteen minutes and the sweep every five', () => {
    const schedules = propertiesOf('AWS::Scheduler::Schedule').map(({ ScheduleExpression, Target }) => [ScheduleExpression, (Target as { Input: string }).Input]);
    expect(schedules.sort()).toEqual([['rate(15 minutes)', '{"kind":"tick"}'], ['rate(5 minutes)', '{"kind":"sweep"}']]);
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

  it('logs every transition of the playbook and nothing that it carries', () => {
    const [machine] = propertiesOf('AWS::StepFunctions::StateMachine');
    expect(machine).toMatchObject({ LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false }, TracingConfiguration: { Enabled: true }, StateMachineType: 'STANDARD' });
  });

  it('says where it is', () => {
    expect(Object.keys(outputs)).toEqual(expect.arrayContaining(['ApiUrl', 'DeliveriesQueueUrl', 'RegistryTableName', 'LedgerTableName', 'StateMachineArn', 'TopicArn']));
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
