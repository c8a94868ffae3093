using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Prefork.Native;

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
    /// Null when it is not known: the process has ended, or may not be looked at.
    /// </summary>
    internal static bool? AreOpenTo(int pid, IReadOnlyCollection<EndPoint> addresses)
    {
        try
        {
            return SocketsOf(pid) is not { } sockets ? null : sockets.Count > 0 && (HasTcp(pid, sockets, addresses) || HasUnix(pid, sockets, addresses));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Null when none of what it has open can be read.</summary>
    private static HashSet<string>? SocketsOf(int pid)
    {
        var process = pid.ToString(CultureInfo.InvariantCulture);
        var targets = DescriptorTable.Of(process).Select(number => DescriptorTable.Target(process, number)).OfType<string>().ToList();
        return targets.Count == 0 ? null : targets.Where(static target => target.StartsWith("socket:[", StringComparison.Ordinal)).Select(static target => target[8..^1]).ToHashSet();
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
