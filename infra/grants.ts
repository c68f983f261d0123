/** The functions there are, each in `functions/<name>.ts`. */
export const functionNames = ['receive', 'dispatch', 'plan', 'contain', 'rotate', 'revoke', 'probe', 'record', 'report', 'index', 'api', 'release', 'leases'] as const;
export type FunctionName = (typeof functionNames)[number];

/** What a grant can be about. `permissions.ts` knows the ARNs. */
export type ResourceName =
  | 'ledger'
  | 'ledger-indexes'
  | 'registry'
  | 'registry-indexes'
  | 'leases'
  | 'leases-indexes'
  | 'deliveries'
  | 'ends'
  | 'index-queue'
  | 'bodies'
  | 'fingerprint-keys'
  | 'hold-key'
  | 'topic'
  | 'topic-key'
  | 'playbooks'
  | 'executions'
  | 'bus'
  /** The leases' timers: every schedule of their group. */
  | 'timers'
  /** The role under which a timer sends, and nothing else. */
  | 'timers-role'
  /** The signing secrets that the installation's configuration names. */
  | 'signing-secrets'
  /** All secrets of the account, or those with the tag that limits the index. */
  | 'every-secret'
  /** Any key of the account; whose policy decides, and never ours. */
  | 'every-key'
  /** For actions that IAM offers no resource for. */
  | 'anything';

export interface Grant {
  actions: string[];
  resources: ResourceName[];
  conditions?: Record<string, Record<string, string>>;
}

/** Held values are bound to their case; nothing else may pass through that key. */
const boundToCase = { 'ForAnyValue:StringEquals': { 'kms:EncryptionContextKeys': 'case' } };

/** Secrets may be encrypted under keys of the house; only Secrets Manager may use those for us, and each key's policy has the last word. */
const throughSecretsManager = { StringEquals: { 'kms:ViaService': 'secretsmanager.${region}.amazonaws.com' } };

/** Who reads every secret has no business in the ledger but this one partition: the looks to come (`functions/aws/looks.ts`). */
const onlyLooks = { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': 'look' } };

const fingerprint: Grant = { actions: ['kms:GenerateMac'], resources: ['fingerprint-keys'] };
const hold: Grant = { actions: ['kms:Encrypt'], resources: ['hold-key'], conditions: boundToCase };

/** What every function of a playbook needs: to read a case's lines and to add one. */
const lines: Grant = { actions: ['dynamodb:Query', 'dynamodb:PutItem'], resources: ['ledger'] };
/** To take back a task that nobody has answered, and to read who did answer it. */
const withdraw: Grant = { actions: ['dynamodb:UpdateItem', 'dynamodb:GetItem'], resources: ['ledger'] };
const wake: Grant = { actions: ['states:SendTaskSuccess'], resources: ['playbooks'] };

/** To keep leases, with what is known about their runs. */
const lending: Grant[] = [
  { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], resources: ['leases'] },
  { actions: ['dynamodb:Query'], resources: ['leases-indexes'] },
];

/** To set a lease's timer and to put it off. A timer sends under a role of its own, which only EventBridge Scheduler may be handed. */
const timing: Grant[] = [
  { actions: ['scheduler:CreateSchedule', 'scheduler:UpdateSchedule'], resources: ['timers'] },
  { actions: ['iam:PassRole'], resources: ['timers-role'], conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } } },
];

/** What each function's own code may call of the platform. What its connectors need is added from their `permissions`. */
export const grants: Record<FunctionName, Grant[]> = {
  receive: [
    { actions: ['dynamodb:PutItem'], resources: ['ledger'] },
    { actions: ['sqs:SendMessage'], resources: ['deliveries', 'ends'] },
    { actions: ['s3:PutObject'], resources: ['bodies'] },
    fingerprint,
    hold,
    { actions: ['secretsmanager:GetSecretValue'], resources: ['signing-secrets'] },
  ],
  dispatch: [
    { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'], resources: ['ledger'] },
    { actions: ['dynamodb:Query'], resources: ['ledger-indexes'] },
    { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:BatchWriteItem', 'dynamodb:DeleteItem'], resources: ['registry'] },
    { actions: ['sqs:SendMessage'], resources: ['index-queue'] },
    { actions: ['s3:GetObject'], resources: ['bodies'] },
    fingerprint,
    hold,
    wake,
    { actions: ['states:StartExecution'], resources: ['playbooks'] },
    { actions: ['states:DescribeExecution', 'states:StopExecution'], resources: ['executions'] },
  ],
  plan: [lines, { actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: ['registry'] }],
  contain: [lines],
  rotate: [lines, wake, { actions: ['events:PutEvents'], resources: ['bus'], conditions: { StringEquals: { 'events:source': 'rescind' } } }],
  revoke: [lines],
  probe: [lines, { actions: ['kms:Decrypt'], resources: ['hold-key'], conditions: boundToCase }],
  record: [lines, withdraw, { actions: ['dynamodb:DeleteItem'], resources: ['ledger'] }],
  report: [lines, withdraw, wake, { actions: ['sns:Publish'], resources: ['topic'] }, { actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: ['topic-key'] }],
  index: [
    // looks that are due are read and forgotten; who reads every secret has no other business in the ledger
    { actions: ['dynamodb:GetItem', 'dynamodb:DeleteItem'], resources: ['ledger'], conditions: onlyLooks },
    { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:BatchWriteItem'], resources: ['registry'] },
    { actions: ['secretsmanager:ListSecrets'], resources: ['anything'] },
    { actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], resources: ['every-secret'] },
    { actions: ['kms:Decrypt'], resources: ['every-key'], conditions: throughSecretsManager },
    fingerprint,
    { actions: ['sqs:SendMessage'], resources: ['deliveries', 'index-queue'] },
  ],
  api: [
    { actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'], resources: ['ledger'] },
    { actions: ['dynamodb:GetItem', 'dynamodb:Query'], resources: ['registry'] },
    { actions: ['dynamodb:Query'], resources: ['ledger-indexes', 'registry-indexes'] },
    wake,
  ],
  release: [...lending, ...timing, { actions: ['dynamodb:DeleteItem'], resources: ['leases'] }, { actions: ['scheduler:DeleteSchedule'], resources: ['timers'] }, { actions: ['sqs:SendMessage'], resources: ['ends', 'deliveries'] }],
  leases: [...lending, ...timing, { actions: ['sqs:SendMessage'], resources: ['ends'] }],
};

/** Why a resource's ARN holds a wildcard. One that is not listed here fails the synthesis. */
export const whyWildcard: Partial<Record<ResourceName, string>> = {
  bodies: 'Objects are named as they come; the bucket holds nothing else.',
  executions: 'Executions are named by case and attempt; the playbooks are ours alone.',
  timers: 'A timer is named after its lease; the group holds nothing else.',
  'every-secret': 'A leaked value is found only if every secret was read before. Only the index may, and a tag can limit it (-c indexTag=key=value).',
  'every-key': 'Which keys encrypt the secrets of the house is not known here; only through Secrets Manager, and only where the policy of a key lets it.',
  anything: 'Listing secrets and users knows no narrower resource.',
};

/** What Lambda itself does in the name of a function that reads a queue: no code of ours calls these. */
export const queueReading = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'];

/** What every role needs for its log. */
export const LOG_ACTIONS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
