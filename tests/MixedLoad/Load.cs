using System.Text.Json;

namespace MixedLoad;

/// <summary>One kind of client: each does its thing again and again, and all are counted together.</summary>
internal sealed class Load(string name, Func<Func<Task<int>>> newClient)
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, int> _failures = [];
    private int _served;

    /// <summary>Ends with the first request, served or not.</summary>
    internal Task Begun => _begun.Task;

    internal Task RunAsync(CancellationToken ended) => Task.Run(async () =>
    {
        var run = newClient();
        while (!ended.IsCancellationRequested)
        {
            try
            {
                Interlocked.Add(ref _served, await run());
            }
            catch (Exception exception)
            {
                lock (_failures)
                {
                    var what = $"{exception.GetType().Name}: {exception.Message}{(exception.InnerException is { } inner ? $" <- {inner.Message}" : "")}";
                    _failures[what] = _failures.GetValueOrDefault(what) + 1;
                }

                // Of a server that is gone, a loop without a pause would count nothing but its own speed.
                await Task.Delay(10, CancellationToken.None);
            }

            _begun.TrySetResult();
        }
    });

    internal string ToJson()
    {
        lock (_failures)
        {
            var failures = string.Join(',', _failures.Select(failure => $"\"{JsonEncodedText.Encode(failure.Key)}\":{failure.Value}"));
            return $"\"{name}\":{{\"served\":{_served},\"failed\":{_failures.Values.Sum()},\"failures\":{{{failures}}}}}";
        }
    }
}
