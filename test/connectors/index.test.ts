import { describe, expect, it } from 'vitest';
import { connectors, issuersOf, reportersOf, storesOf } from '../../functions/connectors/index.ts';
import { tokenOf } from '../../functions/connectors/token.ts';
import { edgesOf } from '../../functions/connectors/edges.ts';
import { leafAt } from '../../functions/connectors/leaf-at.ts';
import { configurationOf } from './house.ts';

const edges = edgesOf({ configuration: configurationOf(), local: true, aws: { region: 'us-east-1' } });

describe('the list of connectors', () => {
  it('has each name once in each role, and each connector in its role', () => {
    const names = connectors.map(({ name, role }) => `${role} ${name}`);
    expect(new Set(names).size).toBe(names.length);
    const made = [issuersOf(edges), storesOf(edges), reportersOf(edges)].flatMap((one) => [...one]);
    expect(made.map(([name, { role }]) => `${role} ${name}`).sort()).toEqual([...names].sort());
    for (const [name, connector] of made) {
      const module = connectors.find((one) => one.name === name && one.role === connector.role);
      expect([connector.name, connector.permissions]).toEqual([name, module?.permissions]);
    }
  });

  it('declares permissions for verbs that the connector has, never for everything', () => {
    for (const { permissions } of connectors) {
      for (const { actions, resources } of permissions) {
        expect(actions.length).toBeGreaterThan(0);
        expect(actions.filter((action) => action.includes('*'))).toEqual([]);
        // these know no resource in IAM's own reference
        const unbounded = actions.filter((action) => !['iam:ListUsers', 'sts:GetCallerIdentity', 'cloudtrail:LookupEvents', 'secretsmanager:ListSecrets'].includes(action));
        if (resources.includes('*')) expect(unbounded).toEqual([]);
      }
    }
  });

  it('gives facts whose numbers can be: a typical time is no later than the last', () => {
    for (const connector of [...issuersOf(edges).values(), ...storesOf(edges).values()]) {
      const { settleSeconds } = connector.facts({});
      expect(settleSeconds.typical).toBeLessThanOrEqual(settleSeconds.max);
    }
  });
});

describe('an idempotency token', () => {
  it('is a UUID, the same for the same parts, and another for others', () => {
    expect(tokenOf('a', 1)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(tokenOf('a', 1)).toBe(tokenOf('a', 1));
    expect(new Set([tokenOf('a', 1), tokenOf('a', '1'), tokenOf('a1'), tokenOf('a', 2), tokenOf('a', 1, '')]).size).toBe(5);
  });
});

describe('the leaf at a path', () => {
  it('is the value there, the first secret-like one without a path, or the whole text', () => {
    const text = JSON.stringify({ user: 'orders', deep: { key: 'apk_4f9d2c7b1e8a6035' }, short: 'pw' });
    expect(leafAt(text, 'deep.key')).toBe('apk_4f9d2c7b1e8a6035');
    expect(leafAt(text, undefined)).toBe('apk_4f9d2c7b1e8a6035');
    expect(leafAt(text, 'short')).toBe('pw');
    expect(leafAt(text, 'nowhere')).toBeUndefined();
    expect(leafAt(' plain ', '')).toBe('plain');
    expect(leafAt('', '')).toBeUndefined();
  });
});
