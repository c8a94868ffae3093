namespace Prefork.Wire;

/// <summary>The commands of Node's channel, and the one that we add; Node ignores what it does not know.</summary>
internal static class NodeCommand
{
    internal const string Cluster = "NODE_CLUSTER";
    internal const string Handle = "NODE_HANDLE";
    internal const string HandleAck = "NODE_HANDLE_ACK";
    internal const string HandleNack = "NODE_HANDLE_NACK";
    internal const string SocketNotifyClose = "NODE_SOCKET_NOTIFY_CLOSE";
    internal const string SocketGetCount = "NODE_SOCKET_GET_COUNT";

    /// <summary>Requests, replies and messages from worker to worker: ours alone.</summary>
    internal const string Prefork = "NODE_PREFORK";

    /// <summary>Whether somebody here reads messages of that command.</summary>
    internal static bool IsKnown(string command) => command is Cluster or Prefork or SocketNotifyClose or SocketGetCount;
}
