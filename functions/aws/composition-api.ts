import type { ApiDeps } from './api-routes.ts';
import { deployed, ledgerOf, registryOf, type Foundation } from './composition.ts';

export const apiOf = (f: Foundation): ApiDeps => ({ configuration: f.configuration, ledger: ledgerOf(f), registry: registryOf(f), clientOf: f.clientOf, log: f.log });

/** What `api` gets when it is deployed. */
export const apiDeps = (): ApiDeps => apiOf(deployed(['LEDGER_TABLE', 'REGISTRY_TABLE']));
