using System.Diagnostics;
using System.Globalization;

namespace Prefork.Tool.Tests;

/// <summary>
/// A folder whose files only programs see that are started here (mount_namespaces(7)): applications in it, also another user's, are nobody else's to find. Root's
/// commands of other tests, and of other runs of them, would.
/// </summary>
internal sealed class PrivateMount : IAsyncDisposable
{
    private readonly TestProgram _holder;

    private PrivateMount(TestProgram holder) => _holder = holder;

    /// <param name="folder">Everybody may write to it.</param>
    internal static async Task<PrivateMount> OnAsync(string folder)
    {
        var holder = new TestProgram("unshare", ["--mount", "sh", "-c", "mount -t tmpfs -o mode=777 none \"$1\" && echo ready && exec cat", "sh", folder]);
        await holder.ExpectAsync("ready");
        return new PrivateMount(holder);
    }

    internal ProcessStartInfo Start(string program, params IEnumerable<string> arguments)
        => new("nsenter", ["--target", _holder.Id.ToString(CultureInfo.InvariantCulture), "--mount", program, .. arguments]);

    public async ValueTask DisposeAsync()
    {
        // It ends with its input, and the folder's files with it and those that were started here.
        _holder.CloseInput();
        await _holder.WaitForExitAsync();
        await _holder.DisposeAsync();
    }
}
