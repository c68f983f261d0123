/** Messages with which `release` is called at once, as `infra/functions.ts` has it. */
export const batch = 10;
