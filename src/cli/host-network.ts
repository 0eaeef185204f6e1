/**
 * Whether a pod is in the network namespace of its node (`hostNetwork: true`): then loopback is that of the node, and
 * every process there reaches what listens on it.
 *
 * There is no direct sign. But a pod with its own network has loopback and one or two interfaces, and the node also
 * has those of its pods.
 */
import { readdirSync } from 'node:fs';

/** Bridges, and the node's ends of pod interfaces, of the common network plugins. */
const OF_A_NODE =
  /^(?:veth|cni\d|cali|cilium_|flannel|weave|docker\d|lxc[0-9a-f]|kube-|azv|eni[0-9a-f]{11})/;

export function isHostNetwork(
  environment: Readonly<Record<string, string | undefined>>,
  interfaces: () => readonly string[] = () => readdirSync('/sys/class/net'),
): boolean {
  if (environment.KUBERNETES_SERVICE_HOST === undefined) return false;
  try {
    return interfaces().some((name) => OF_A_NODE.test(name));
  } catch {
    return false;
  }
}
