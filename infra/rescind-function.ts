import { fileURLToPath } from 'node:url';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaFunction, RecursiveLoop, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { FunctionProps } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { BundlingOptions } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Environment } from '../functions/aws/environment.ts';
import { settings } from './function-settings.ts';
import { LOG_ACTIONS } from './grants.ts';
import type { FunctionName } from './grants.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The configuration's copy beside the bundle; relative to the directory in which Lambda starts the code (`/var/task`). */
export const CONFIGURATION_BESIDE_CODE = 'configuration.json';

/**
 * Sends to the queue that it reads: a revocation that is pending is tried again and again, with growing delays, until it is seen dead or is
 * a case. Lambda takes a chain of about sixteen such turns for a loop and throws the next message away, unless it is told that it is none.
 */
const COMES_BACK_TO_ITSELF: readonly FunctionName[] = ['release'];

export interface RescindFunctionProps {
  name: FunctionName;
  /** What the function's names begin with. */
  prefix: string;
  boundary: IManagedPolicy;
  /** Path of the installation's configuration, bundled with the code. Absent: a placeholder stands in for both, quick and not to be deployed. */
  configurationFile?: string;
  /** How many runs are kept for it; it never gets more. */
  reserved?: number;
}

/** How every function is bundled; the configuration is copied beside it. */
export const bundlingOf = (configurationFile: string): BundlingOptions => ({
  format: OutputFormat.ESM,
  target: 'node24',
  minify: true,
  keepNames: false,
  sourceMap: false,
  // The runtime's own SDK changes under our feet; ours is the one that was tested.
  externalModules: [],
  mainFields: ['module', 'main'],
  // Some packages in the bundle are CommonJS and ask for Node's own modules by `require`.
  banner: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  commandHooks: {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (_from, to) => [`cp '${configurationFile}' '${to}/${CONFIGURATION_BESIDE_CODE}'`],
  },
});

/** One Lambda of ours with a role and a log of its own. This is the one place with Lambda defaults. */
export class RescindFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  private readonly name: FunctionName;

  constructor(scope: Construct, id: string, { name, prefix, boundary, configurationFile, reserved }: RescindFunctionProps) {
    super(scope, id);
    this.name = name;
    const { timeoutSeconds, memoryMegabytes } = settings[name];
    const logGroup = new LogGroup(this, 'Log', { logGroupName: `/rescind/${prefix}/${name}`, retention: RetentionDays.SIX_MONTHS, removalPolicy: RemovalPolicy.DESTROY });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Rescind: what ${name} may do`,
      permissionsBoundary: boundary,
    });
    this.role.addToPolicy(new PolicyStatement({ actions: LOG_ACTIONS, resources: [logGroup.logGroupArn] }));
    const defaults = {
      functionName: `${prefix}-${name}`,
      description: `Rescind: ${name}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: memoryMegabytes,
      reservedConcurrentExecutions: reserved,
      ...(COMES_BACK_TO_ITSELF.includes(name) ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
      role: this.role,
      logGroup,
    } satisfies Partial<FunctionProps>;
    this.function = configurationFile
      ? new NodejsFunction(this, 'Function', {
          ...defaults,
          entry: `${root}functions/${name}.ts`,
          projectRoot: root,
          depsLockFilePath: `${root}package-lock.json`,
          awsSdkConnectionReuse: false,
          bundling: bundlingOf(configurationFile),
        })
      : new LambdaFunction(this, 'Function', { ...defaults, handler: 'index.handler', code: Code.fromInline('exports.handler = async () => ({});') });
  }

  /** Hands over the variables that its code reads, and no others. */
  setVariables(environment: Environment): void {
    for (const variable of settings[this.name].variables) this.function.addEnvironment(variable, environment[variable]);
  }
}
