using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Prefork.Processes;

/// <summary>Which connections a process has open, as the kernel tells it.</summary>
internal static class ProcessConnections
{
    // proc_pid_net(5): enum tcp_state, in hexadecimal.
    private const string Established = "01";
    private const string CloseWait = "08";

    /// <summary>A stream socket of the Unix domain that is connected (SS_CONNECTED).</summary>
    private const string Connected = "03";

    /// <summary>
    /// Whether the process has a connection that was made to one of these addresses. One that it has closed itself does not count: what is still to be sent of it is the kernel's.
    /// False when the process has ended, or may not be looked at.
    /// </summary>
    internal static bool AreOpenTo(int pid, IReadOnlyCollection<EndPoint> addresses)
    {
        try
        {
            var sockets = SocketsOf(pid);
            return sockets.Count > 0 && (HasTcp(pid, sockets, addresses) || HasUnix(pid, sockets, addresses));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static HashSet<string> SocketsOf(int pid)
    {
        var sockets = new HashSet<string>();
        foreach (var entry in new DirectoryInfo($"/proc/{pid}/fd").EnumerateFileSystemInfos())
        {
            if (entry.LinkTarget is { } target && target.StartsWith("socket:[", StringComparison.Ordinal))
            {
                sockets.Add(target[8..^1]);
            }
        }

        return sockets;
    }

    /// <summary>sl, local address, remote address, state, and the inode in the tenth column.</summary>
    private static bool HasTcp(int pid, HashSet<string> sockets, IReadOnlyCollection<EndPoint> addresses)
    {
        var ports = addresses.OfType<IPEndPoint>().Select(static address => address.Port.ToString("X4", CultureInfo.InvariantCulture)).ToHashSet();
        return ports.Count > 0 && new[] { "tcp", "tcp6" }
            .Select(file => $"/proc/{pid}/net/{file}")
            .Where(File.Exists) // no tcp6 without IPv6
            .SelectMany(static file => File.ReadLines(file).Skip(1))
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields.Length > 9 && fields[3] is Established or CloseWait && sockets.Contains(fields[9]) && ports.Contains(fields[1][(fields[1].IndexOf(':') + 1)..]));
    }

    /// <summary>Num, RefCount, Protocol, Flags, Type, St, Inode, Path: an accepted socket has the path of its listener, which may hold spaces.</summary>
    private static bool HasUnix(int pid, HashSet<string> sockets, IReadOnlyCollection<EndPoint> addresses)
    {
        var paths = addresses.OfType<UnixDomainSocketEndPoint>().Select(static address => address.ToString()).ToHashSet();
        return paths.Count > 0 && File.ReadLines($"/proc/{pid}/net/unix").Skip(1)
            .Select(static line => line.Split(' ', 8, StringSplitOptions.RemoveEmptyEntries))
            .Any(fields => fields.Length == 8 && fields[5] == Connected && sockets.Contains(fields[6]) && paths.Contains(fields[7]));
    }
}
