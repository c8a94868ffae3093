using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Prefork.Native;

namespace Prefork.Processes;

/// <summary>
/// Starts a process with exactly the descriptors it is given (posix_spawn(3)).
/// </summary>
/// <remarks>
/// Nothing of ours is ever without close-on-exec in this process: dup2 in the child clears it there alone, so that a process
/// started at the same moment by anybody else cannot inherit a channel and hide a death. The signal mask is emptied. An ignored signal
/// survives exec, so all are set back to their default (.NET ignores SIGPIPE; SIGCHLD and others may have been ignored when this process
/// was started), but for those of the terminal: nohup, and a shell for a job in the background, ignore them for all that the job starts.
/// </remarks>
internal static unsafe class Spawner
{
    // Larger than both types on glibc (80 and 336 bytes) and musl.
    private const int OpaqueSize = 1024;

    private static readonly Signal[] s_terminalSignals = [Signal.SIGHUP, Signal.SIGINT, Signal.SIGQUIT];

    /// <param name="command">What to execute.</param>
    /// <param name="environment">The whole environment, as name=value.</param>
    /// <param name="workingDirectory">Entered before the program is executed; null stays.</param>
    /// <param name="descriptors">By number in the child; null opens /dev/null. The caller keeps its own.</param>
    /// <param name="ownGroup">Whether it leads a process group of its own, which then has its pid for a number.</param>
    /// <exception cref="Win32Exception">The program could not be started; says why.</exception>
    internal static int Start(ProgramCommand command, IEnumerable<string> environment, string? workingDirectory, IReadOnlyList<FileDescriptor?> descriptors, bool ownGroup = false)
    {
        var actions = stackalloc byte[OpaqueSize];
        var attributes = stackalloc byte[OpaqueSize];
        CheckResult(Libc.SpawnActionsInit(actions), command);
        CheckResult(Libc.SpawnAttributesInit(attributes), command);
        var sources = new List<FileDescriptor>();
        try
        {
            SetSignals(attributes, command, ownGroup ? Linux.POSIX_SPAWN_SETPGROUP : (short)0);
            if (workingDirectory is not null)
            {
                CheckResult(Libc.SpawnActionsAddChangeDirectory(actions, workingDirectory), command);
            }

            for (var number = 0; number < descriptors.Count; number++)
            {
                if (descriptors[number] is { } descriptor)
                {
                    // Above all targets, so that no dup2 overwrites a source that is still needed.
                    var source = descriptor.Duplicate(minimum: descriptors.Count + 16);
                    sources.Add(source);
                    CheckResult(Libc.SpawnActionsAddDup2(actions, source.Number, number), command);
                }
                else
                {
                    CheckResult(Libc.SpawnActionsAddOpen(actions, number, "/dev/null", Linux.O_RDWR, 0), command);
                }
            }

            using var argv = new NativeStrings([command.File, .. command.Arguments]);
            using var envp = new NativeStrings(environment);
            using var file = new NativeStrings([command.File]);
            int pid;
            CheckResult(Libc.PosixSpawn(&pid, file.Pointer[0], actions, attributes, argv.Pointer, envp.Pointer), command, workingDirectory);
            return pid;
        }
        finally
        {
            // The child has its own copies by now, or there is no child.
            sources.ForEach(source => source.Dispose());
            _ = Libc.SpawnActionsDestroy(actions);
            _ = Libc.SpawnAttributesDestroy(attributes);
        }
    }

    private static void SetSignals(byte* attributes, ProgramCommand command, short flags)
    {
        var set = stackalloc byte[OpaqueSize];
        _ = Libc.SignalSetEmpty(set);
        CheckResult(Libc.SpawnAttributesSetSignalMask(attributes, set), command);
        _ = Libc.SignalSetFill(set);
        foreach (var kept in s_terminalSignals)
        {
            _ = Libc.SignalSetRemove(set, (int)kept);
        }

        CheckResult(Libc.SpawnAttributesSetSignalDefault(attributes, set), command);
        CheckResult(Libc.SpawnAttributesSetFlags(attributes, (short)(flags | Linux.POSIX_SPAWN_SETSIGDEF | Linux.POSIX_SPAWN_SETSIGMASK)), command);
    }

    private static void CheckResult(int errno, ProgramCommand command, string? workingDirectory = null)
    {
        if (errno != 0)
        {
            var place = workingDirectory is null ? "" : $" in {workingDirectory}";
            throw new Win32Exception(errno, $"Could not start {command.File}{place}: {Errno.Describe(errno)} (errno {errno}).");
        }
    }

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class NativeStrings : IDisposable
    {
        private readonly int _count;

        internal NativeStrings(IEnumerable<string> values)
        {
            var list = values.ToList();
            _count = list.Count;
            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)_count + 1, (nuint)sizeof(byte*));
            for (var i = 0; i < _count; i++)
            {
                var bytes = Encoding.UTF8.GetBytes(list[i]);
                Pointer[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
                bytes.CopyTo(new Span<byte>(Pointer[i], bytes.Length));
            }
        }

        internal byte** Pointer { get; }

        public void Dispose()
        {
            for (var i = 0; i < _count; i++)
            {
                NativeMemory.Free(Pointer[i]);
            }

            NativeMemory.Free(Pointer);
        }
    }
}
