/** Runs the program that a rendered file is for, as it is in the prepared template, on that file. */
export { runWithFiles as realReader, type RootFile } from "./support/root-process";
