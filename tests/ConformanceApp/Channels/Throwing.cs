using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Prefork;

namespace ConformanceApp.Channels;

/// <summary>A handler that throws each time, in a program that handles that, hears every message.</summary>
[NodeTest("test-child-process-ipc-next-tick")]
internal sealed class IpcNextTick : Scenario
{
    private const int Messages = 10;

    internal override async Task PrimaryAsync()
    {
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        for (var i = 0; i < Messages; i++)
        {
            await worker.SendAsync(i);
        }

        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var thrown = Must.Call("exceptions", Messages);
        var missing = new ConcurrentDictionary<string, bool>(Enumerable.Range(0, Messages).Select(static number => KeyValuePair.Create($"{number}", true)));
        ExceptionHandling.SetUnhandledExceptionHandler(exception =>
        {
            thrown.Hit();
            if (missing.TryRemove(exception.Message, out _) && missing.IsEmpty)
            {
                Cluster.Worker!.Disconnect();
            }

            return true;
        });
        Cluster.Worker!.MessageReceived += (_, e) => throw new InvalidOperationException($"{e.Message.Get<int>()}");
        await base.WorkerAsync();
    }
}
