import { regionPrograms } from "./programs/region";

/** All programs, by name: one file of `programs/` for each family. */
export function programs() {
  return { ...regionPrograms() };
}

export type ProgramName = keyof ReturnType<typeof programs>;
