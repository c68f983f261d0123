import { AwsError } from '../errors.ts';
import type { Operation, Run } from '../operations.ts';
import { effectsOf, keysAskedBy, type PolicyContext } from '../policy.ts';
import { membersOf, paged, required } from '../query.ts';
import { arnOf } from '../state.ts';
import { noSuch } from './users.ts';

const TYPES = ['string', 'stringList', 'numeric', 'numericList', 'boolean', 'booleanList', 'ip', 'ipList', 'binary', 'binaryList', 'date', 'dateList'];
const DENY_ALL = 'arn:aws:iam::aws:policy/AWSDenyAll';
const denyAll = JSON.stringify({ Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] });

/** The policies of a user or a role as IAM knows them now, each under the id that the simulator gives it. */
const policiesOf = (run: Run, arn: string): { id: string; document: string }[] => {
  const [, word, rest = ''] = /^arn:aws:iam::\d{12}:(user|role)\/(.+)$/.exec(arn) ?? [];
  const name = rest.slice(rest.lastIndexOf('/') + 1);
  const found = word === 'user' ? run.view.users[name] : word === 'role' ? run.view.roles[name] : undefined;
  if (word === undefined) throw new AwsError('InvalidInput', `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`);
  if (!found || arn !== (word === 'user' ? arnOf.user(run.state, name) : arnOf.role(run.state, name))) throw noSuch(`The ${word} with ARN ${arn} cannot be found.`);
  const prefix = `${word}/${name}/`;
  const inline = Object.entries(run.view.policies).filter(([id]) => id.startsWith(prefix)).map(([id, { document }]) => ({ id: `${word}_${name}_${id.slice(prefix.length)}`, document }));
  return [...inline, ...(found.attachedPolicies.includes(DENY_ALL) ? [{ id: 'AWSDenyAll', document: denyAll }] : [])];
};

const givenKeys = (run: Run): Record<string, string> =>
  Object.fromEntries(membersOf(run, 'ContextEntries').map(({ ContextKeyName: name = '', ContextKeyType: type = '', ...values }) => {
    const value = values['ContextKeyValues.member.1'];
    if (name === '' || value === undefined || !TYPES.includes(type)) throw new AwsError('InvalidInput', `Invalid context entry ${name}: it needs a name, a type and a value.`);
    if (type === 'date' && Number.isNaN(Date.parse(value))) throw new AwsError('InvalidInput', `Invalid value for the context key ${name}: it is no date.`);
    return [name.toLowerCase(), value];
  }));

const evaluated = (policies: readonly { id: string; document: string }[], context: PolicyContext, resource: string) => {
  const matched = policies.map(({ id, document }) => ({ id, effects: effectsOf(document, context) }));
  const isDenied = matched.some(({ effects }) => effects.includes('Deny'));
  const isAllowed = matched.some(({ effects }) => effects.includes('Allow'));
  const deciding = isDenied ? 'Deny' : 'Allow';
  return {
    EvalActionName: context.action,
    EvalResourceName: resource,
    EvalDecision: isDenied ? 'explicitDeny' : isAllowed ? 'allowed' : 'implicitDeny',
    MatchedStatements: matched.filter(({ effects }) => effects.includes(deciding)).map(({ id }) => ({ SourcePolicyId: id, SourcePolicyType: 'IAM Policy' })),
    MissingContextValues: [...new Set(policies.flatMap(({ document }) => keysAskedBy(document)))].filter((key) => context.keys[key] === undefined),
  };
};

const simulate = (run: Run) => {
  const policies = policiesOf(run, required(run, 'PolicySourceArn'));
  const actions = membersOf(run, 'ActionNames').map((member) => member[''] ?? '');
  if (actions.length === 0) throw new AwsError('InvalidInput', 'ActionNames must not be empty.');
  const asked = membersOf(run, 'ResourceArns').map((member) => member[''] ?? '');
  const keys = givenKeys(run);
  const results = actions.flatMap((action) => (asked.length > 0 ? asked : ['*']).map((resource) => evaluated(policies, { action, resources: [resource], keys }, resource)));
  return paged(run, 'EvaluationResults', results, (result) => result);
};

/** What a user's or a role's own policies would say to a request. Only what they allow is allowed here, as in the real simulator. */
export const simulation: Record<string, Operation> = { SimulatePrincipalPolicy: { kind: 'read', run: simulate } };
