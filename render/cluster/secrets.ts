/** The two Secrets of a cluster on the management plane: what they are, and the values that go into them. */
import type { Site } from "../../config/site";
import type { ClusterPlan } from "../../plan/model";
import { encryptionConfiguration } from "../encryption";
import type { SecretObject } from "../kubernetes-object";
import { clusterNames, ofCluster } from "./names";

/** Key below which nodes find kube-apiserver's EncryptionConfiguration. */
export const encryptionKey = "encryption.yaml";

function secret(cluster: ClusterPlan, name: string): SecretObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: ofCluster(cluster, name),
    type: "Opaque",
  };
}

/** The account with which CAPV clones and deletes this cluster's machines. */
export const vcenterCredentials = (cluster: ClusterPlan): SecretObject =>
  secret(cluster, clusterNames(cluster).vcenterCredentials);

export const vcenterCredentialValues = (site: Site, password: string): Record<string, string> => ({
  username: site.vcenter.username,
  password,
});

/** What encrypts the cluster's Secrets in etcd. */
export const encryption = (cluster: ClusterPlan): SecretObject => secret(cluster, clusterNames(cluster).encryption);

/** `key`: 32 bytes, base64. */
export const encryptionValues = (key: string): Record<string, string> => ({
  [encryptionKey]: encryptionConfiguration(key),
});
