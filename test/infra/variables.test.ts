import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiDeps } from '../../functions/aws/composition-api.ts';
import { dispatchDeps } from '../../functions/aws/composition-dispatch.ts';
import { indexDeps } from '../../functions/aws/composition-index.ts';
import { recordDeps, reportDeps } from '../../functions/aws/composition-record.ts';
import { leaseApiDeps, releaseDeps } from '../../functions/aws/composition-leases.ts';
import { planDeps, stepDeps } from '../../functions/aws/composition-steps.ts';
import { receiveDeps } from '../../functions/aws/composition.ts';
import { readConfiguration } from '../../infra/configuration.ts';
import { settings } from '../../infra/function-settings.ts';
import { functionNames } from '../../infra/grants.ts';
import type { FunctionName } from '../../infra/grants.ts';

const configuration = join(mkdtempSync(join(tmpdir(), 'rescind-')), 'configuration.json');
writeFileSync(configuration, JSON.stringify(readConfiguration('infra/installation/example.json')));

const deps: Record<FunctionName, () => object> = {
  receive: receiveDeps,
  dispatch: dispatchDeps,
  plan: planDeps,
  contain: stepDeps,
  rotate: stepDeps,
  revoke: stepDeps,
  probe: stepDeps,
  record: recordDeps,
  report: reportDeps,
  index: indexDeps,
  api: apiDeps,
  release: releaseDeps,
  leases: leaseApiDeps,
};

afterEach(() => vi.unstubAllEnvs());

describe('variables', () => {
  it.each([...functionNames])('of %s are all that its code asks for, and no more', (name) => {
    const variables = settings[name].variables;
    const set = (wanted: readonly string[]) => {
      vi.unstubAllEnvs();
      vi.stubEnv('AWS_REGION', 'eu-west-1');
      for (const variable of wanted) vi.stubEnv(variable, variable === 'CONFIGURATION' ? configuration : variable === 'FINGERPRINT_KEYS' ? 'v1=alias/test' : 'a-value');
    };
    set(variables);
    expect(deps[name]).not.toThrow();
    for (const left of variables) {
      set(variables.filter((variable) => variable !== left));
      expect(deps[name], left).toThrow(`the environment variable ${left} is not set`);
    }
  });
});
