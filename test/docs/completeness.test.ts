import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sources } from '../../events/index.ts';
import { connectors } from '../../functions/connectors/index.ts';
import { parseConfiguration } from '../../infra/configuration.ts';
import { configurationSchema } from '../../infra/configuration-schema.ts';
import { synthesizedPlaybooks } from '../../infra/playbooks/print.ts';
import { anchorsOf, commandsOf, linksOf, pages, root, textOf } from './pages.ts';

const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };

describe('every page', () => {
  it.each(pages)('%s leads to files and headings that exist', (path) => {
    const page = textOf(path);
    const broken = linksOf(path, page).filter(({ file, anchor }) => {
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !(file.endsWith('.md') && anchorsOf(textOf(file)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it.each(pages)('%s names only scripts and files that exist', (path) => {
    for (const command of commandsOf(textOf(path))) {
      const script = /^npm run ([\w:]+)/.exec(command)?.[1];
      if (script) expect(Object.keys(scripts), command).toContain(script);
      const file = /^npx node (\S+)/.exec(command)?.[1];
      if (file) expect(existsSync(join(root, file)), command).toBe(true);
    }
  });
});

describe('every command in a page', () => {
  /** TypeScript handed to whatever `node` the reader's machine has: it may be older than the one that comes with the repository. */
  const bareOf = (page: string): string[] => page.match(/(?<!npx )\bnode (?:-\S+ )*[\w./-]+\.ts\b/g) ?? [];

  it.each(pages)('in %s starts TypeScript by npx or npm, which bring Node 24', (path) => {
    expect(bareOf(textOf(path))).toEqual([]);
  });

  it('is found where it does not', () => {
    expect(bareOf('run `node infra/check.ts FILE`, npx node a.ts or\nnode --test b/c.ts')).toEqual(['node infra/check.ts', 'node --test b/c.ts']);
  });
});

describe('docs/connectors.md and docs/sources.md', () => {
  const testsOf = (name: string): string[] => readdirSync(join(root, 'test/connectors', name)).filter((file) => file.endsWith('.test.ts'));

  it('have a heading for each, and each connector has tests that end with its watch', () => {
    const [ofConnectors, ofSources] = [anchorsOf(textOf('docs/connectors.md')), anchorsOf(textOf('docs/sources.md'))];
    for (const { name } of connectors) {
      expect(ofConnectors).toContain(name);
      expect(testsOf(name).some((file) => textOf(join('test/connectors', name, file)).includes('describeWatched(')), name).toBe(true);
    }
    for (const { name } of sources) expect(ofSources).toContain(name);
  });
});

describe('docs/storage.md', () => {
  const page = textOf('docs/storage.md');
  const code = readdirSync(join(root, 'functions/aws')).map((file) => textOf(join('functions/aws', file))).join('\n');
  /** The first words of each row's keys; a sort key may begin with a time instead. */
  const documented = [...page.matchAll(/^\| `([a-z]+)(?:#[^`]*)?` \| `(?:([a-z]+)(?:#[^`]*)?|<[^`]*)` \|/gm)].map(([, pk = '', sk]) => ({ pk, sk })).filter(({ pk }) => pk !== 'pk');

  it('tells every partition key and sort key that the code writes', () => {
    const keysOf = (name: string): string[] => [...code.matchAll(new RegExp(`\\b${name}: [\`']([a-z]+)`, 'g'))].map(([, key = '']) => key);
    const [pks, sks] = [new Set(keysOf('pk')), new Set(keysOf('sk'))];
    expect(pks.size).toBeGreaterThan(8);
    expect([...new Set(documented.map(({ pk }) => pk))].sort()).toEqual([...pks].sort());
    for (const sk of sks) expect(documented.map((row) => row.sk)).toContain(sk);
  });

  it('tells of no sort key that the code does not have', () => {
    for (const { sk } of documented) if (sk) expect(code.includes(`\`${sk}#`) || code.includes(`'${sk}'`), sk).toBe(true);
  });
});

describe('docs/configuration.md', () => {
  const page = textOf('docs/configuration.md');

  interface Node { properties?: Record<string, Node>; items?: Node; additionalProperties?: unknown }
  const fieldsOf = (node: Node): string[] => [...Object.entries(node.properties ?? {}).flatMap(([name, inner]) => [name, ...fieldsOf(inner)]), ...(node.items ? fieldsOf(node.items) : [])];

  it('tells every field', () => {
    const fields = [...new Set(fieldsOf(z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' }) as Node))];
    expect(fields.length).toBeGreaterThan(30);
    for (const field of fields) expect(page, field).toContain(`\`${field}\``);
  });

  it('holds an example that may be deployed', () => {
    const [, example = ''] = /## An example\n\n```json\n([\s\S]*?)```/.exec(page) ?? [];
    expect(parseConfiguration(example, 'docs/configuration.md')).toMatchObject({ installation: 'acme', taskHours: 24 });
  });
});

describe('docs/playbooks.md', () => {
  it('has a heading for every state, and for no other', async () => {
    const page = textOf('docs/playbooks.md');
    const definitions = await synthesizedPlaybooks();
    const states = Object.values(definitions).flatMap(({ States }) => Object.keys(States as object));
    const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
    expect([...headings].sort()).toEqual([...states].sort());
  });
});

describe('docs/decisions', () => {
  const decisions = readdirSync(join(root, 'docs/decisions')).sort();

  it('are numbered without gaps, and each tells context, decision and consequences', () => {
    expect(decisions.map((file) => Number(file.slice(0, 4)))).toEqual(decisions.map((_, index) => index + 1));
    for (const file of decisions) {
      const page = textOf(join('docs/decisions', file));
      expect(page, file).toMatch(new RegExp(`^# ${file.slice(0, 4)} `));
      expect([...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading), file).toEqual(['Context', 'Decision', 'Consequences']);
    }
  });
});
