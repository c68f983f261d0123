import tseslint from 'typescript-eslint';

/** Folders answer one question each; these rules keep them from reaching into one another (see README, "The layout"). */
const mayNotImport = (files, group, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
});

const everythingButTrigger = ['node:*', '@aws-*', '**/aws/**', '**/connectors/**', '**/local/**', '**/infra/**'];

export default tseslint.config(
  { ignores: ['node_modules', 'cdk.out', '.cache', 'coverage', 'eslint.config.js'] },
  ...tseslint.configs.recommended,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  mayNotImport(['events/**/*.ts'], ['**/functions/**', '**/local/**', '**/infra/**', 'node:fs*', 'node:http*', '@aws-*'], 'events/ parses: no I/O, and nothing of ours but events/ itself.'),
  mayNotImport(['functions/core/**/*.ts'], everythingButTrigger, 'core holds pure rules: it imports only events/trigger.ts and core itself.'),
  mayNotImport(['functions/connectors/*/**/*.ts'], ['../../connectors/**', '../[a-z]*/**', '**/local/**', '**/infra/**', '!../../core/**', '!../../aws/**'], 'connectors never import each other.'),
  mayNotImport(['functions/*.ts', 'functions/aws/**/*.ts'], ['**/local/**', '**/infra/**'], 'what runs in Lambda never imports local/ or infra/.'),
  {
    files: ['cli/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['**/functions/**'], allowTypeImports: true, message: 'the command line talks to the API only: it imports types of functions/ and nothing else.' },
            { regex: '^[./].*/(events|infra|test)/|/local/(?!terminal/(paint|wrap)\\.ts$|cli/options\\.ts$)', message: 'of local/ the command line takes only how text is painted and wrapped, and the port.' },
          ],
        },
      ],
    },
  },
  // the only JavaScript: what must start on any Node has no types to check
  { files: ['cli/rescind.js'], ...tseslint.configs.disableTypeChecked },
  { files: ['local/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'infra/**/*.ts'], rules: { 'no-console': 'off' } },
);
