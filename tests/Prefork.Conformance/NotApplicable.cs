namespace Prefork.Conformance;

/// <summary>Node's tests that have no meaning here, and why.</summary>
internal static class NotApplicable
{
    internal static readonly IReadOnlyDictionary<string, string> Reasons = new Dictionary<string, string>
    {
        ["test-cluster-fork-windowsHide"] = "consoles of Windows",
        ["test-cluster-rr-domain-listen"] = "Node's domain module",
        ["test-cluster-inspect-brk"] = "Node's inspector",
        ["test-inspector-port-zero-cluster"] = "Node's inspector",
        ["test-inspect-support-for-node_options"] = "Node's inspector",
        ["test-inspector-port-cluster"] = "Node's inspector",
        ["test-inspector-cluster-port-clash"] = "Node's inspector",
        ["test-net-socket-constructor"] = "net.Socket of a bare descriptor",
        ["test-child-process-bad-stdio"] = "exec() and its buffers",
        ["test-child-process-fork-detached"] = "children that outlive their parent",
        ["test-child-process-fork-no-shell"] = "an option of spawn() that fork() ignores",
        ["test-child-process-fork-url"] = "URLs as paths of modules",
        ["test-child-process-http-socket-leak"] = "Node's HTTP parser",
        ["test-child-process-server-close"] = "spawn() with a connection as standard output",
        ["test-child-process-windows-hide"] = "consoles of Windows",
    };
}
