import type { Permission, Reporter } from '../../core/connector.ts';
import { tokenFrom } from '../api-token.ts';
import type { ConnectorModule } from '../edges.ts';
import { fetchAlert } from './alert.ts';

const name = 'github';

const permissions: Permission[] = [
  { verb: 'find', actions: ['secretsmanager:GetSecretValue'], resources: ['arn:${partition}:secretsmanager:${region}:${account}:secret:*'] },
  {
    verb: 'find',
    actions: ['kms:Decrypt'],
    resources: ['arn:${partition}:kms:${region}:${account}:key/*'],
    conditions: { StringEquals: { 'kms:ViaService': 'secretsmanager.${region}.amazonaws.com' } },
  },
];

/** GitHub's secret scanning keeps the value to itself: it is fetched by repository and alert number. */
export const github: ConnectorModule<Reporter> = {
  name,
  role: 'reporter',
  permissions,
  create: (edges) => {
    const token = tokenFrom(edges, 'GitHub');
    return { name, role: 'reporter', permissions, fetchValue: (lookup, { signal }) => fetchAlert(edges, token, lookup, signal) };
  },
};
