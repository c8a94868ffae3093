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
    private const BindingFlags Private = BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static object Role => typeof(Cluster).GetProperty("Role", Private)!.GetValue(null)!;

    /// <summary>Claims to have taken so many connections from the first lane.</summary>
    internal static void OnScoreboard(long taken)
    {
        var page = Role.GetType().GetField("_page", Private)!.GetValue(Role)!;
        page.GetType().GetMethod("CountRead", Private)!.Invoke(page, [0, (int)taken]);
    }

    /// <summary>Shuts down every lane of this process, which stay open: theirs are the only sockets of that type.</summary>
    internal static unsafe int ShutLanesDown()
    {
        var shut = 0;
        foreach (var entry in Directory.GetFileSystemEntries("/proc/self/fd"))
        {
            var descriptor = int.Parse(Path.GetFileName(entry), CultureInfo.InvariantCulture);
            var type = 0;
            var length = (uint)sizeof(int);
            if (getsockopt(descriptor, SolSocket, SoType, &type, &length) == 0 && type == SeqPacket && shutdown(descriptor, Both) == 0)
            {
                shut++;
            }
        }

        return shut;
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
    private static extern int shutdown(int socket, int how);
}
