using System.Reflection;
using Prefork;

namespace ClusterApp;

/// <summary>What no honest worker does, with the library's own means, which are private for that reason.</summary>
internal static class Lies
{
    private const BindingFlags Private = BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static object Role => typeof(Cluster).GetProperty("Role", Private)!.GetValue(null)!;

    /// <summary>Claims to have taken so many connections from the first lane.</summary>
    internal static void OnScoreboard(long taken)
    {
        var page = Role.GetType().GetField("_page", Private)!.GetValue(Role)!;
        page.GetType().GetMethod("CountRead", Private)!.Invoke(page, [0, (int)taken]);
    }

    /// <summary>Closes the channel and lives on.</summary>
    internal static void CloseChannel()
    {
        var channel = Role.GetType().GetField("_channel", Private)!.GetValue(Role)!;
        var close = channel.GetType().GetMethod("CloseWhenWritten", Private)!;
        var loop = Role.GetType().GetField("_loop", Private)!.GetValue(Role)!;
        loop.GetType().GetMethod("Post", Private)!.Invoke(loop, [(Action)(() => close.Invoke(channel, []))]);
    }
}
