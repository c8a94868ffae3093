using Microsoft.AspNetCore.SignalR;
using Prefork;

namespace ChecksApp;

/// <summary>
/// Runs under an exclusive lock on the file LOCK, and says "conflict" when somebody else has it. With HOLD it stops when the primary says "letgo".
/// </summary>
internal sealed class LockingService : BackgroundService
{
    private readonly TaskCompletionSource _mayStop = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Cluster.Worker?.MessageReceived += (_, _) => _mayStop.TrySetResult();
        if (Environment.GetEnvironmentVariable("HOLD") is null)
        {
            _mayStop.TrySetResult();
        }

        try
        {
            using var locked = new FileStream(Environment.GetEnvironmentVariable("LOCK")!, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            Say("leads");
            await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Say("ending");
            await _mayStop.Task;
            if (Environment.GetEnvironmentVariable("FAIL") is not null)
            {
                throw new InvalidOperationException("a service that fails");
            }
        }
        catch (IOException exception)
        {
            Say($"conflict: {exception.Message}");
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Say("stopped");
    }

    private static void Say(string text)
    {
        try
        {
            if (Cluster.Worker is { } worker)
            {
                worker.SendAsync(text).AsTask().GetAwaiter().GetResult();
                return;
            }
        }
        catch (ClusterChannelClosedException)
        {
        }

        Console.WriteLine(text);
    }
}

internal sealed class ChatHub : Hub;
