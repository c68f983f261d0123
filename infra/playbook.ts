import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acceptWildcards } from './nag.ts';
import { playbooks } from './playbooks/index.ts';
import type { PlaybookName } from './playbooks/index.ts';
import type { Steps } from './playbooks/steps.ts';

/** Days after which a playbook is ended from outside. Two questions may wait seven days each; the sweep takes it up again. */
const PLAYBOOK_TIMEOUT_DAYS = 21;

/** One playbook as a state machine: every transition logged, never what it carries; traced. */
export class Playbook extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, { name, prefix, functions }: { name: PlaybookName; prefix: string; functions: Steps }) {
    super(scope, id);
    this.machine = new StateMachine(this, 'Machine', {
      // Named, so that the boundary of the functions can name it, and so that its own status changes can be told from others'.
      stateMachineName: `${prefix}-${name}`,
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(playbooks[name](this, functions)),
      timeout: Duration.days(PLAYBOOK_TIMEOUT_DAYS),
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Log', {
          logGroupName: `/aws/vendedlogs/states/${prefix}-${name}`,
          retention: RetentionDays.SIX_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    const { role } = this.machine;
    acceptWildcards(role, Object.values(functions).map(({ functionArn }) => `${functionArn}:*`), 'Any version or alias of these functions and of no others.');
    acceptWildcards(role, ['*'], 'Log delivery and X-Ray know no narrower resource: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html');
  }
}
