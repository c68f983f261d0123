import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import type { EventPattern, IRuleTarget, RuleTargetInputProperties } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { transformerOf } from '../events/cut.ts';
import { sources } from '../events/index.ts';
import type { AwsEventSource, EventRule } from '../events/trigger.ts';
import type { Leases } from '../functions/core/configuration.ts';
import type { Queues, QueueWithDead } from './queues.ts';

/** The sources that speak through EventBridge. */
export const awsEventSources = sources.filter((source): source is AwsEventSource => source.transport === 'aws-event');

/** Rules about runs: of the platforms that are listened to, where anything may be lent; their beginnings only where a role ends with its run. */
export const runRules = (leases: Leases | undefined): { source: AwsEventSource; ends: EventRule; starts?: EventRule }[] =>
  leases === undefined
    ? []
    : awsEventSources
        .filter(({ tells, name }) => tells === 'run' && (leases.platforms?.includes(name) ?? true))
        .map((source) => ({ source, ends: source.pattern, ...(leases.jobRoles.some(({ platform }) => platform === source.name) ? { starts: source.starts } : {}) }));

/** The construct id of a name such as `aws-health`: `AwsHealth`. */
const idOf = (name: string): string => name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());

const STATES = 'aws.states';

/** What a target is handed of an event: these paths. The CDK's own input takes the quotes away from a variable that stands alone, and then what is missing would leave no JSON. */
class Cut extends RuleTargetInput {
  private readonly paths: readonly string[];

  constructor(paths: readonly string[]) {
    super();
    this.paths = paths;
  }

  bind(): RuleTargetInputProperties {
    return transformerOf(this.paths);
  }
}

/** What lies in the queue of ends of each run: of a whole event, its job's environment and output would lie there too. */
const cutOf = ({ name, reads }: AwsEventSource): RuleTargetInput => {
  if (!reads) throw new Error(`${name} tells of runs and does not say what it reads of an event`);
  return new Cut(reads);
};

/** What we hear from AWS itself: reports, runs of jobs, moved labels, and playbooks that ended without having said so. */
export class Events extends Construct {
  private readonly ours: string[];
  private readonly senders = new Map<IQueue, string[]>();

  constructor(scope: Construct, id: string, { queues, playbooks, leases }: { queues: Queues; playbooks: StateMachine[]; leases: Leases | undefined }) {
    super(scope, id);
    this.ours = playbooks.map(({ stateMachineArn }) => stateMachineArn);
    const { deliveries, index, ends } = queues;
    for (const { name, pattern, tells } of awsEventSources) if (tells === 'leak') this.rule(idOf(name), `Reports of ${name}`, pattern, [deliveries]);
    for (const { source, ends: ended, starts } of runRules(leases)) {
      this.rule(`${idOf(source.name)}Ended`, `Ended runs of ${source.name}`, this.ofOthers(ended), [ends], cutOf(source));
      if (starts) this.rule(`${idOf(source.name)}Started`, `Runs of ${source.name} that begin, to know who shares a role`, this.ofOthers(starts), [ends], cutOf(source));
    }
    // The index reads the new value; dispatch wakes the playbook that waits for this very rotation.
    this.rule('LabelUpdated', 'A secret has a new current value', { source: ['aws.secretsmanager'], detailType: ['Secret Label Updated'] }, [index, deliveries]);
    this.rule(
      'PlaybookEnded',
      'A playbook failed, ran out of time or was aborted',
      { source: [STATES], detailType: ['Step Functions Execution Status Change'], detail: { stateMachineArn: this.ours, status: ['FAILED', 'TIMED_OUT', 'ABORTED'] } },
      [deliveries],
    );
    this.letSend();
  }

  /** Our own playbooks are no jobs: nothing is ever lent to them. */
  private ofOthers(rule: EventRule): EventRule {
    return rule.source.includes(STATES) ? { ...rule, detail: { ...rule.detail, stateMachineArn: [{ 'anything-but': this.ours }] } } : rule;
  }

  private rule(id: string, description: string, { source, detailType, detail }: EventRule, queues: QueueWithDead[], input?: RuleTargetInput): void {
    const eventPattern: EventPattern = { source, detailType, detail };
    const targets = queues.map(({ queue, dead }): IRuleTarget => ({ bind: () => ({ arn: queue.queueArn, input, deadLetterConfig: { arn: dead.queueArn }, targetResource: queue }) }));
    const { ruleArn } = new Rule(this, id, { description, eventPattern, targets });
    for (const queue of queues.flatMap((pair) => [pair.queue, pair.dead])) this.senders.set(queue, [...(this.senders.get(queue) ?? []), ruleArn]);
  }

  /** Lets these rules, and no others, send to their queues: in one statement for each queue, since a queue's policy has at most twenty. */
  private letSend(): void {
    for (const [queue, rules] of this.senders) {
      queue.addToResourcePolicy(
        new PolicyStatement({ principals: [new ServicePrincipal('events.amazonaws.com')], actions: ['sqs:SendMessage'], resources: [queue.queueArn], conditions: { ArnEquals: { 'aws:SourceArn': rules } } }),
      );
    }
  }
}
