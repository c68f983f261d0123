import { z } from 'zod';

/** An object that knows its keys and says so when it meets another. */
export const object = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has the unknown key ${(issue.keys as string[]).map((key) => `"${key}"`).join(', ')}; expected one of ${Object.keys(shape).join(', ')}`
        : undefined,
  });
