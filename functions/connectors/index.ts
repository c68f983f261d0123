import type { Issuer, Reporter, Store } from '../core/connector.ts';
import { awsIamKey } from './aws-iam-key/index.ts';
import { awsRoleSession } from './aws-role-session/index.ts';
import { awsSecretsManager } from './aws-secrets-manager/index.ts';
import { jobSecret } from './aws-secrets-manager/job-secret.ts';
import { declaredProbe } from './declared-probe/index.ts';
import type { ConnectorModule, Edges } from './edges.ts';
import { github } from './github/index.ts';
import { vault } from './vault/index.ts';

// All connectors, by what they are: a function holds only the code of those that it asks for. Adding one is its folder, its line here and its test.
const issuers: readonly ConnectorModule<Issuer>[] = [awsIamKey, awsRoleSession, jobSecret, declaredProbe, vault];
const stores: readonly ConnectorModule<Store>[] = [awsSecretsManager];
const reporters: readonly ConnectorModule<Reporter>[] = [github];

/** All connectors. */
export const connectors: readonly ConnectorModule[] = /* @__PURE__ */ [issuers, stores, reporters].flat();

const made = <C extends Issuer | Store | Reporter>(modules: readonly ConnectorModule<C>[], edges: Edges): ReadonlyMap<string, C> => new Map(modules.map((connector) => [connector.name, connector.create(edges)]));

/** The issuers by name. */
export const issuersOf = (edges: Edges): ReadonlyMap<string, Issuer> => made(issuers, edges);

/** The stores by name. */
export const storesOf = (edges: Edges): ReadonlyMap<string, Store> => made(stores, edges);

/** The reporters by name. */
export const reportersOf = (edges: Edges): ReadonlyMap<string, Reporter> => made(reporters, edges);
