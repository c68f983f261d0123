/** EventBridge's input transformer, written out from its documentation apart from the code under test. */

export interface Transformer {
  InputPathsMap: Record<string, string>;
  InputTemplate: string;
}

/** What a path leads to: dots, dashes and indices of lists, as EventBridge knows them. */
const found = (event: unknown, path: string): unknown => {
  if (!/^\$(?:\.[\w-]+(?:\[\d+\])*)+$/.test(path)) throw new Error(`EventBridge knows no path such as ${path}`);
  let value: unknown = event;
  for (const step of path.replaceAll(/\[(\d+)\]/g, '.$1').split('.').slice(1)) value = (value as Record<string, unknown> | null | undefined)?.[step];
  return value;
};

/** A value between quotes: as it is, without any escaping; an object or a list without its own quotes; what is not there is nothing. */
const between = (value: unknown): string => {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '');
};

/** The message that a target gets of the event. Takes templates whose variables all stand in quotes, and throws at any other. */
export const transformed = ({ InputPathsMap, InputTemplate }: Transformer, event: unknown): string => {
  if (/(?<!")<|>(?!")/.test(InputTemplate)) throw new Error('a variable stands without quotes');
  return InputTemplate.replaceAll(/<([^<>]*)>/g, (_, name: string) => {
    const path = InputPathsMap[name];
    if (path === undefined || !/^[\w-]+$/.test(name)) throw new Error(`no variable ${name}`);
    return between(found(event, path));
  });
};
