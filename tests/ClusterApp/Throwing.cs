using System.Runtime.ExceptionServices;
using Prefork;

namespace ClusterApp;

/// <summary>A program whose handlers throw, each time, and that has said that it handles what nobody does.</summary>
internal static class Throwing
{
    internal static void Begin(Action<string> say)
    {
        ExceptionHandling.SetUnhandledExceptionHandler(exception =>
        {
            say($"handled {exception.Message}");
            return true;
        });
        if (Cluster.Worker is { } worker)
        {
            worker.MessageReceived += (_, e) => throw new InvalidOperationException($"message {e.Message.Get<string>()}");
            worker.Leaving.UnsafeRegister(static _ => throw new InvalidOperationException("leaving"), null);
            worker.Disconnected += (_, _) => throw new InvalidOperationException("disconnected");
            return;
        }

        Cluster.Forked += (_, e) => e.Worker.Exited += (_, e) => throw new InvalidOperationException($"exited {e.Worker.Id}");
        Cluster.Disconnected += (_, e) => throw new InvalidOperationException($"disconnected {e.Worker.Id}");
        Cluster.MessageReceived += (_, e) => throw new InvalidOperationException("message");
    }
}
