/**
 * How runs of AWS's platforms are named by the events that tell of them. Whoever registers a lease names its run so too: under
 * another name no end would ever be heard. A test holds this against all samples.
 */
interface Named {
  /** The whole name; where it has a group, that is the name, and the rest another spelling of it. */
  shape: RegExp;
  /** For a person. */
  form: string;
}

const arn = (service: string, rest: string): RegExp => new RegExp(`^arn:[\\w-]+:${service}:[\\w-]+:\\d{12}:${rest}$`);

const names: Record<string, Named> = {
  'aws-batch': { shape: /^(?:arn:[\w-]+:batch:[\w-]+:\d{12}:(?:service-)?job\/)?([\w-]+(?:[:#]\d+)?)$/, form: "the job's id, AWS_BATCH_JOB_ID" },
  'aws-ecs': { shape: arn('ecs', 'task/\\S+'), form: "the task's ARN, TaskARN at ${ECS_CONTAINER_METADATA_URI_V4}/task" },
  'aws-glue': { shape: /^.+\/[\w-]+$/u, form: '<job name>/<job run id>, JOB_NAME and JOB_RUN_ID among its arguments' },
  'aws-codebuild': { shape: /^(?:arn:[\w-]+:codebuild:[\w-]+:\d{12}:build\/)?([\w-]+:[\w-]+)$/, form: '<project>:<uuid>, CODEBUILD_BUILD_ID' },
  'aws-codepipeline': { shape: /^[\w.@-]+\/[\w-]+$/, form: '<pipeline>/<execution id>' },
  'aws-states': { shape: arn('states', '\\S+'), form: "the execution's ARN, $$.Execution.Id" },
  'aws-sagemaker': { shape: arn('sagemaker', '\\S+'), form: "the ARN of the job or of the pipeline's execution" },
  'aws-emr': { shape: /^j-\w+$/, form: "the cluster's id, j-..., with a step's id as the job" },
  'aws-emr-serverless': { shape: /^\w+\/\w+$/, form: '<application id>/<job run id>' },
};

/** The one platform of AWS whose events count attempts: who names a run without one may mean another than the first. */
export const countsAttempts = (platform: string): boolean => platform === 'aws-states';

/** A run of that platform as its events name it; where no event can name it so, the form that is expected. Platforms without a source of their own are named as they like. */
export const awsRunName = (platform: string, text: string): { run: string } | { expected: string } => {
  const named = Object.hasOwn(names, platform) ? names[platform] : undefined;
  if (!named) return { run: text };
  const found = named.shape.exec(text);
  return found ? { run: found[1] ?? text } : { expected: named.form };
};
