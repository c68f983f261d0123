import type { Issuer, Reporter, Store } from '../core/connector.ts';
import { awsIamKey } from './aws-iam-key/index.ts';
import { awsRoleSession } from './aws-role-session/index.ts';
import { awsSecretsManager } from './aws-secrets-manager/index.ts';
import { jobSecret } from './aws-secrets-manager/job-secret.ts';
import { declaredProbe } from './declared-probe/index.ts';
import type { ConnectorModule, Edges } from './edges.ts';
import { github } from './github/index.ts';
import { vault } from './vault/index.ts';

/** All connectors. Adding one is its folder, its line here and its test. */
export const connectors: readonly ConnectorModule[] = [awsIamKey, awsRoleSession, awsSecretsManager, jobSecret, declaredProbe, github, vault];

const made = <C>(edges: Edges, role: ConnectorModule['role']): ReadonlyMap<string, C> =>
  new Map(connectors.filter((connector) => connector.role === role).map((connector) => [connector.name, connector.create(edges) as C]));

/** The issuers by name. */
export const issuersOf = (edges: Edges): ReadonlyMap<string, Issuer> => made<Issuer>(edges, 'issuer');

/** The stores by name. */
export const storesOf = (edges: Edges): ReadonlyMap<string, Store> => made<Store>(edges, 'store');

/** The reporters by name. */
export const reportersOf = (edges: Edges): ReadonlyMap<string, Reporter> => made<Reporter>(edges, 'reporter');
