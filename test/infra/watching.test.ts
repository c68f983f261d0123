import { readFileSync } from 'node:fs';
import { Validations } from 'aws-cdk-lib/core';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { dimensions, metrics, namespace } from '../../functions/aws/metrics.ts';
import { flat, ofType, synthesized } from './synthesized.ts';

const { app, stack, resources } = synthesized();
const alarms = ofType(resources, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
const guide = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const slug = (heading: string): string => heading.toLowerCase().replaceAll(/[^a-z0-9 -]/g, '').replaceAll(' ', '-');
const headingsOf = (text: string): string[] => [...text.matchAll(/^#{2,3} (.+)$/gm)].map(([, heading]) => slug(heading ?? ''));

describe('alarms', () => {
  const sections = alarms.map(({ AlarmDescription }) => /docs\/operating\.md#([a-z-]+)$/.exec(AlarmDescription as string)?.[1]);

  it('have a section each, and each section has its alarm', () => {
    const [, described = ''] = guide.split('\n## The alarms\n');
    // one section is about the same alarm of each playbook
    expect([...new Set(sections)].sort()).toEqual(headingsOf(described).sort());
  });

  it('say in their section what to do', () => {
    for (const section of guide.split('\n## The alarms\n')[1]?.split('\n### ').slice(1) ?? []) expect(section).toMatch(/\nDo: /);
  });

  it('tell the topic', () => {
    for (const { AlarmName, AlarmActions } of alarms) expect((AlarmActions as unknown[]).map(flat), AlarmName as string).toEqual([expect.stringMatching(/^<Cases/)]);
  });

  it('on our own metrics use the names and the dimension under which functions emit them', () => {
    const ours = alarms.filter(({ Namespace }) => Namespace === namespace);
    expect(ours.length).toBeGreaterThan(5);
    for (const { MetricName, Dimensions } of ours) {
      expect(Object.keys(metrics)).toContain(MetricName);
      expect(Dimensions).toEqual(Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })));
    }
  });

  it('ring for what must never pass unseen', () => {
    const seen = alarms.map(({ MetricName, Namespace }) => `${Namespace as string} ${MetricName as string}`);
    for (const metric of ['Rescind CaseNotContained', 'Rescind CaseWaiting', 'Rescind TaskOverdue', 'Rescind SecretUnreadable', 'Rescind StepFailed', 'Rescind LeasePendingSeconds', 'AWS/SQS ApproximateAgeOfOldestMessage', 'AWS/Lambda Errors', 'AWS/Lambda Throttles', 'AWS/States ExecutionsFailed', 'AWS/States ExecutionsTimedOut', 'AWS/States ExecutionsAborted']) {
      expect(seen).toContain(metric);
    }
  });

  it('ring for every playbook and every queue', () => {
    const about = (metric: string, dimension: string) =>
      alarms.filter(({ MetricName }) => MetricName === metric).flatMap(({ Dimensions }) => (Dimensions as { Name: string; Value: unknown }[]).filter(({ Name }) => Name === dimension).map(({ Value }) => flat(Value)));
    const machines = ofType(resources, 'AWS::StepFunctions::StateMachine').map(([id]) => `<${id}>`);
    for (const metric of ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted']) expect(about(metric, 'StateMachineArn').sort(), metric).toEqual(machines.sort());
    const dead = ofType(resources, 'AWS::SQS::Queue').filter(([, { Properties }]) => !Properties.RedrivePolicy).map(([id]) => `<${id}.QueueName>`);
    expect(about('ApproximateNumberOfMessagesVisible', 'QueueName').sort()).toEqual(dead.sort());
    expect(about('Errors', 'FunctionName').map((name) => /^<Functions([A-Z][a-z]+?)[A-Z0-9]/.exec(name)?.[1] ?? name).sort()).toEqual(['Receive', 'Release']);
  });

  it('ring where a revocation has been pending for more than five minutes, in two minutes of three', () => {
    expect(alarms.find(({ MetricName }) => MetricName === 'LeasePendingSeconds')).toMatchObject({
      Statistic: 'Maximum', Period: 60, Threshold: 300, ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 3, DatapointsToAlarm: 2, TreatMissingData: 'notBreaching',
    });
  });

  it('ring where the end of a run waits for more than a minute', () => {
    const [ends] = alarms.filter(({ MetricName, Threshold }) => MetricName === 'ApproximateAgeOfOldestMessage' && Threshold === 60);
    expect(ends).toMatchObject({ Statistic: 'Maximum', Period: 60, ComparisonOperator: 'GreaterThanThreshold' });
    expect(flat((ends?.Dimensions as { Value: unknown }[])[0]?.Value)).toMatch(/^<QueuesEnds[0-9A-F]+\.QueueName>$/);
  });

  it('ring when the index falls silent', () => {
    expect(alarms.find(({ MetricName }) => MetricName === 'IndexFinished')).toMatchObject({ TreatMissingData: 'breaching', ComparisonOperator: 'LessThanThreshold', Threshold: 1 });
  });
});

describe('the operating guide', () => {
  it('links only to sections that exist', () => {
    const links = [...guide.matchAll(/\]\(#([a-z-]+)\)/g)].map(([, anchor]) => anchor);
    expect(links.length).toBeGreaterThan(3);
    for (const anchor of links) expect(headingsOf(guide)).toContain(anchor);
  });
});

describe('cdk-nag', () => {
  const accepted = app.node.findAll().flatMap(({ node }) =>
    node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY).flatMap(({ data }) => Object.entries(data as Record<string, unknown>)),
  );

  it('finds nothing that is not explained', () => {
    expect(new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources.map(({ constructPath }) => constructPath)])).toEqual([]);
  });

  it('is told a reason for each exception, and a wildcard only one by one', () => {
    expect(accepted.length).toBeGreaterThan(0);
    for (const [rule, reason] of accepted) {
      expect(JSON.stringify(reason).length, rule).toBeGreaterThan(30);
      if (rule.includes('IAM5')) expect(rule).toMatch(/\[Resource::.+\]$/);
    }
  });

  it('would find a bucket that nobody explained', () => {
    new Bucket(stack, 'Careless');
    expect(new AwsSolutionsChecks(app).validateScope(app).violations.map(({ ruleName }) => ruleName)).toContain('AwsSolutions-S10');
  });
});
