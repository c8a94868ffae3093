using System.Collections;
using System.Reflection;
using Prefork;

namespace ClusterApp;

/// <summary>Requests whose asker thinks better of it.</summary>
internal sealed class CancelledRequests(Action<string> say)
{
    private const BindingFlags Inside = BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Instance;
    private readonly CancellationTokenSource _token = new();

    /// <summary>Asks, and goes on asking until <see cref="Cancel"/>.</summary>
    internal async Task AskAsync(Func<CancellationToken, Task<string?>> ask)
    {
        try
        {
            say($"reply {await ask(_token.Token)}");
        }
        catch (OperationCanceledException exception)
        {
            say($"given up, by my token: {exception.CancellationToken == _token.Token}");
        }
        catch (Exception exception)
        {
            say($"failed {exception.GetType().Name}: {exception.Message}");
        }
    }

    internal void Cancel() => _token.Cancel();

    /// <summary>Asks so many at once, and gives up when all have been asked.</summary>
    internal async Task AskManyAsync(int count, Func<CancellationToken, Task<string?>> ask)
    {
        using var token = new CancellationTokenSource();
        var asked = Enumerable.Range(0, count).Select(_ => GivesUpAsync(ask(token.Token))).ToList();
        await token.CancelAsync();
        say($"given up {(await Task.WhenAll(asked)).Count(cancelled => cancelled)} of {count}");
    }

    /// <summary>Asks until the other side has had enough and says so, and gives up the others then.</summary>
    internal async Task FloodAsync(int count, Func<CancellationToken, Task<string?>> ask)
    {
        using var token = new CancellationTokenSource();
        var refused = new TaskCompletionSource<string>();
        var asked = Enumerable.Range(0, count).Select(async _ =>
        {
            try
            {
                return await GivesUpAsync(ask(token.Token));
            }
            catch (ClusterRequestException exception)
            {
                refused.TrySetResult(exception.Message);
                return false;
            }
        }).ToList();
        say($"refused: {await refused.Task}");
        await token.CancelAsync();
        var givenUp = (await Task.WhenAll(asked)).Count(cancelled => cancelled);
        say($"flooded {count}, some refused: {givenUp < count}");
    }

    /// <summary>Asks one after the other, and gives up each at about the moment when its answer comes.</summary>
    internal async Task RaceAsync(int count, Func<CancellationToken, Task<string?>> ask)
    {
        var givenUp = 0;
        for (var i = 0; i < count; i++)
        {
            using var token = new CancellationTokenSource();
            var asked = GivesUpAsync(ask(token.Token));
            for (var wait = 0; wait < i % 200 && !asked.IsCompleted; wait++)
            {
                Thread.SpinWait(20);
            }

            await token.CancelAsync();
            givenUp += await asked ? 1 : 0;
        }

        say($"raced {count}, given up {givenUp}");
    }

    /// <summary>What the library keeps of requests: those that wait for a reply, and those that are being answered.</summary>
    internal void Count(object worker)
    {
        var owner = worker.GetType().GetProperty("Control", Inside)?.GetValue(worker) ?? typeof(Cluster).GetProperty("Role", Inside | BindingFlags.Static)!.GetValue(null)!;
        var messenger = owner.GetType().GetProperty("Messenger", Inside)!.GetValue(owner)!;
        int Kept(string field) => ((IDictionary)messenger.GetType().GetField(field, Inside)!.GetValue(messenger)!).Count;
        say($"waiting {Kept("_requests")} answering {Kept("_answering")}");
    }

    private static async Task<bool> GivesUpAsync(Task<string?> asked)
    {
        try
        {
            await asked;
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }
}
