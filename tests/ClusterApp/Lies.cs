using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Prefork;

namespace ClusterApp;

/// <summary>What no honest worker does, with the library's own means, which are private for that reason.</summary>
internal static class Lies
{
    private const int SolSocket = 1;
    private const int SoType = 3;
    private const int SeqPacket = 5;
    private const int Both = 2;
    private const int NoSignal = 0x4000;
    private const int SoPassPidfd = 76;
    private const BindingFlags Private = BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static object Role => typeof(Cluster).GetProperty("Role", Private)!.GetValue(null)!;

    /// <summary>Claims to have taken so many connections from the first lane.</summary>
    internal static void OnScoreboard(long taken)
    {
        var page = Role.GetType().GetField("_page", Private)!.GetValue(Role)!;
        page.GetType().GetMethod("CountRead", Private)!.Invoke(page, [0, (int)taken]);
    }

    /// <summary>Shuts down every lane of this process, which stay open. Returns how many.</summary>
    internal static int ShutLanesDown() => Lanes().Count(static lane => shutdown(lane, Both) == 0);

    /// <summary>Sends on every lane of this process, against their direction. Returns on how many that could be done.</summary>
    internal static unsafe int WriteToLanes() => Lanes().Count(static lane =>
    {
        byte data = 1;
        return send(lane, &data, 1, NoSignal) == 1;
    });

    /// <summary>Has the kernel add a pidfd of the sender to whatever is received from the lanes, by whomever. Returns on how many that could be done.</summary>
    internal static unsafe int AskForPidfds() => Lanes().Count(static lane =>
    {
        var on = 1;
        return setsockopt(lane, SolSocket, SoPassPidfd, &on, sizeof(int)) == 0;
    });

    /// <summary>Theirs are the only sockets of that type.</summary>
    private static unsafe List<int> Lanes()
    {
        var lanes = new List<int>();
        foreach (var entry in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            var descriptor = int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture);
            var type = 0;
            var length = (uint)sizeof(int);
            if (getsockopt(descriptor, SolSocket, SoType, &type, &length) == 0 && type == SeqPacket)
            {
                lanes.Add(descriptor);
            }
        }

        return lanes;
    }

    /// <summary>Closes the channel and lives on.</summary>
    internal static void CloseChannel()
    {
        var channel = Role.GetType().GetField("_channel", Private)!.GetValue(Role)!;
        var close = channel.GetType().GetMethod("CloseWhenWritten", Private)!;
        var loop = Role.GetType().GetField("_loop", Private)!.GetValue(Role)!;
        loop.GetType().GetMethod("Post", Private)!.Invoke(loop, [(Action)(() => close.Invoke(channel, []))]);
    }

    [DllImport("libc")]
    private static extern unsafe int getsockopt(int socket, int level, int option, void* value, uint* length);

    [DllImport("libc")]
    private static extern unsafe int setsockopt(int socket, int level, int option, void* value, uint length);

    [DllImport("libc")]
    private static extern unsafe nint send(int socket, void* data, nuint length, int flags);

    [DllImport("libc")]
    private static extern int shutdown(int socket, int how);
}
