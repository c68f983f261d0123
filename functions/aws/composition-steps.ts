import { issuersOf, storesOf } from '../connectors/index.ts';
import { deployed, edgesOf, ledgerOf, registryOf, type Foundation } from './composition.ts';
import type { StepDeps } from './steps.ts';

export const stepsOf = (f: Foundation): StepDeps => {
  const edges = edgesOf(f);
  const store = [...storesOf(edges).values()][0];
  if (!store) throw new Error('no store among the connectors: add one to functions/connectors/index.ts');
  return {
    configuration: f.configuration,
    clientOf: f.clientOf,
    ledger: ledgerOf(f),
    registry: registryOf(f),
    issuers: issuersOf(edges),
    store,
    now: f.now,
    sleep: f.sleep,
    log: f.log,
    count: f.count,
  };
};

/** What the steps of a playbook get when they are deployed. */
export const planDeps = (): StepDeps => stepsOf(deployed(['LEDGER_TABLE', 'REGISTRY_TABLE']));
export const stepDeps = (): StepDeps => stepsOf(deployed(['LEDGER_TABLE']));
