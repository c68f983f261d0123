import { a2a } from './a2a.ts';
import { awsBatch } from './aws-batch.ts';
import { awsCodebuild } from './aws-codebuild.ts';
import { awsCodepipeline } from './aws-codepipeline.ts';
import { awsEcs } from './aws-ecs.ts';
import { awsEmrServerless } from './aws-emr-serverless.ts';
import { awsEmr } from './aws-emr.ts';
import { awsGlue } from './aws-glue.ts';
import { awsHealth } from './aws-health.ts';
import { awsSagemaker } from './aws-sagemaker.ts';
import { awsStates } from './aws-states.ts';
import { buildkite } from './buildkite.ts';
import { cursor } from './cursor.ts';
import { githubActions } from './github-actions.ts';
import { githubSecretScanning } from './github-secret-scanning.ts';
import { gitlabJobs } from './gitlab-jobs.ts';
import { gitleaks } from './gitleaks.ts';
import { openai } from './openai.ts';
import { standardWebhooks } from './standard-webhooks.ts';
import { tekton } from './tekton.ts';
import { trufflehog } from './trufflehog.ts';
import { rawText } from './fields.ts';
import type { AwsEventSource, Source } from './trigger.ts';

/** Every source there is. To add one: a file beside this one, a line here, and a folder of samples of the same name. */
export const sources: readonly Source[] = [
  githubSecretScanning,
  trufflehog,
  gitleaks,
  awsHealth,
  awsBatch,
  awsEcs,
  awsGlue,
  awsCodebuild,
  awsCodepipeline,
  awsStates,
  awsSagemaker,
  awsEmr,
  awsEmrServerless,
  githubActions,
  gitlabJobs,
  buildkite,
  tekton,
  standardWebhooks,
  openai,
  cursor,
  a2a,
];

/** The source whose rules an event of EventBridge falls under, by its source and detail-type; undefined where none does. */
export const awsSourceOf = (event: unknown): AwsEventSource | undefined =>
  sources.find(
    (candidate): candidate is AwsEventSource =>
      candidate.transport === 'aws-event' && [candidate.pattern, candidate.starts].some((rule) => rule?.source.includes(rawText(event, 'source')) && rule.detailType.includes(rawText(event, 'detail-type'))),
  );
