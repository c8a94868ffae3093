using System.IO.Pipelines;

namespace Prefork.AspNetCore.Tests;

/// <summary>What the application sees of its end, in a word.</summary>
internal static class Outcome
{
    internal static async Task<string> OfReadAsync(PipeReader reader)
    {
        try
        {
            var result = await reader.ReadAsync().AsTask().WaitAsync(TestServer.Patience);
            return $"{result.Buffer.Length} bytes{(result.IsCompleted ? ", the end" : "")}{(result.IsCanceled ? ", cancelled" : "")}";
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }

    /// <summary>Writes until that has an end: the other side of the pipe may need a moment to hear of the connection's.</summary>
    internal static async Task<string> OfWritesAsync(PipeWriter writer)
    {
        try
        {
            using var impatience = new CancellationTokenSource(TestServer.Patience);
            while (true)
            {
                var result = await writer.WriteAsync(new byte[1], impatience.Token);
                if (result.IsCompleted || result.IsCanceled)
                {
                    return result.IsCompleted ? "completed" : "cancelled";
                }

                await Task.Yield();
            }
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }
}
