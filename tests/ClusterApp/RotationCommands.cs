using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Prefork;

namespace ClusterApp;

/// <summary>What a primary can do with a worker beside its place in the policy's rotation.</summary>
internal static class RotationCommands
{
    internal static void SetShare(WorkerProcess worker, string share)
    {
        if (share == "0")
        {
            worker.LeaveRotation();
        }
        else
        {
            worker.EnterRotation(double.Parse(share, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Connects, and says later what the worker says to whoever connects.</summary>
    internal static async Task ProbeAsync(WorkerProcess worker, Action<string> say)
    {
        var socket = await worker.ConnectAsync();
        _ = ReadAsync();

        async Task ReadAsync()
        {
            using var reader = new StreamReader(new NetworkStream(socket, ownsSocket: true), Encoding.UTF8);
            say($"probed {worker.Id} {await reader.ReadLineAsync() ?? "nothing"}");
        }
    }

    internal static async Task<string> PingAsync(WorkerProcess worker, string patience)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(double.Parse(patience, CultureInfo.InvariantCulture)));
        try
        {
            await worker.PingAsync(timeout.Token);
            return "answered";
        }
        catch (OperationCanceledException)
        {
            return "no answer";
        }
    }
}
