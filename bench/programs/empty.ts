/** The least that a program can be: Pulumi's runtime, which every program loads, and nothing else. */
import "@pulumi/pulumi";
import { started } from "./started";

started();
